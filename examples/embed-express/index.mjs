import express from 'express';
import { loadConfig } from '@kb-labs/daemon';
import { startDaemon } from '@kb-labs/daemon/run-daemon';
import { startRun } from '@kb-labs/engine';

const quiet = { ...console, debug: () => undefined };
const config = await loadConfig({ projectRoot: import.meta.dirname, env: process.env });
const kb = await startDaemon(config, { env: process.env, logger: quiet, version: '1.0.0', listen: false });

const app = express();
app.use('/kb', kb.handler); // before anything that reads bodies
app.use(express.json());

app.get('/', (_request, response) => response.send('the shop is open'));

app.post('/orders', async (request, response) => {
  const { number } = request.body;
  const trigger = { type: 'manual', actor: 'shop', payload: null, branch: null, tag: null, sha: null };
  const { run } = await startRun(kb.deps, { workflowId: 'ship-order', input: { number }, trigger, idempotencyKey: `order-${number}` });
  response.status(202).json({ run: run.id });
});

app.use((error, _request, response, _next) => {
  const { status = 500, code = 'INTERNAL', message } = error; // what the engine refuses has a code, and 4xx as its status
  response.status(status).json({ code, message: status < 500 ? message : 'something broke' });
});

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`the shop listens on http://127.0.0.1:${server.address().port}`);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    server.close();
    await kb.stop(); // ends what is followed, and lets the steps that run come to their end
    server.closeIdleConnections();
  });
}
