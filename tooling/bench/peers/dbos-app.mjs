/** DBOS Transact with a workflow of three steps that do nothing: `dbos-app.mjs <folder of the packages> <url of the database>`. */
import { answerAsks } from './answer-asks.mjs';
import { rateOf } from './at-once.mjs';
import { requirePeer } from './install-peer.mjs';

const [folder = '', url = ''] = process.argv.slice(2);
const { DBOS } = requirePeer(folder, '@dbos-inc/dbos-sdk');

DBOS.setConfig({ name: 'bench', applicationVersion: '1', systemDatabaseUrl: url, logLevel: 'error', runAdminServer: false });
const three = DBOS.registerWorkflow(
  async () => {
    for (const name of ['a', 'b', 'c']) await DBOS.runStep(() => Promise.resolve({}), { name });
    return {};
  },
  { name: 'three' },
);
await DBOS.launch();
await three();

answerAsks({ rate: ({ atOnce, forMs }) => rateOf(() => three(), { atOnce, forMs }) }, () => DBOS.shutdown());
