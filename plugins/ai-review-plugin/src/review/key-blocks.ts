/** The lines between the marks of a private key: part of one finding, and never quoted. */
export class KeyBlocks {
  #open = false;

  /** Takes the lines in order; true for the body of a key. */
  covers(text: string): boolean {
    if (/-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----(?!["'`])/.test(text)) {
      this.#open = !/-----END /.test(text);
      return false;
    }
    if (!this.#open) return false;
    const body = /^[\s"'+\\nr,]*[A-Za-z0-9+/=]*[\s"'+\\nr,;]*$|^\s*(?:Proc-Type|DEK-Info|Comment|Version):/.test(text);
    const end = /-----END /.test(text);
    this.#open = body && !end;
    return body || end;
  }
}
