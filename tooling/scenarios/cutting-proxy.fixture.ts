import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a server that can be cut while it is in use. */
export class CuttingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Connections that were made so far. */
  made = 0;

  private constructor(target: URL) {
    this.#server = createServer((near) => {
      this.made += 1;
      const far = connect(Number(target.port), target.hostname);
      for (const [one, other] of [[near, far], [far, near]] as const) {
        this.#sockets.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          this.#sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
  }

  static async to(url: string): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(new URL(url));
    await new Promise<void>((resolve) => void proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** Ends every connection in the middle of whatever it carries. Answers how many there were. */
  cut(): number {
    const open = [...this.#sockets];
    for (const socket of open) socket.resetAndDestroy();
    return open.length / 2;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}
