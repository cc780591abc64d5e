/**
 * A service of Restate whose handler has three steps that do nothing, and its clients: `restate-service.mjs <folder of the packages> <port> <ingress> <admin>`.
 * The server runs already.
 */
import { answerAsks } from './answer-asks.mjs';
import { rateOf } from './at-once.mjs';
import { requirePeer } from './install-peer.mjs';

const [folder = '', port = '', ingress = '', admin = ''] = process.argv.slice(2);
const restate = requirePeer(folder, '@restatedev/restate-sdk');

const three = restate.service({
  name: 'three',
  handlers: {
    run: async (/** @type {any} */ ctx) => {
      for (const name of ['a', 'b', 'c']) await ctx.run(name, async () => ({}));
      return {};
    },
  },
});
await restate.serve({ services: [three], port: Number(port) });
const registered = await fetch(`${admin}/deployments`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ uri: `http://127.0.0.1:${port}` }) });
if (!registered.ok) throw new Error(`the service is not registered: ${String(registered.status)} ${await registered.text()}`);
await runOnce();

answerAsks({ rate: ({ atOnce, forMs }) => rateOf(runOnce, { atOnce, forMs }) }, () => Promise.resolve());

async function runOnce() {
  const answer = await fetch(`${ingress}/three/run`, { method: 'POST' });
  if (!answer.ok) throw new Error(`a run ended with ${String(answer.status)}: ${await answer.text()}`);
  await answer.arrayBuffer();
}
