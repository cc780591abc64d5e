import { type CommandHandler, FatalError, type PluginContext } from '@kb-labs/sdk';

import { askModel, type ModelAnswer } from '../answer/ask-model.js';
import { quoteSources } from '../answer/quote-sources.js';
import { pathMatcher } from '../files/match-path.js';
import type { queryCommand } from '../plugin.js';
import { fuseRanks, rankByVectors } from '../search/rank-by-vectors.js';
import { rankByWords, type Ranked } from '../search/rank-by-words.js';
import { readSources } from '../search/read-sources.js';
import { weighQuestion, type WeighedTerm } from '../search/weigh-question.js';
import { loadIndex } from '../store/index-folder.js';
import type { IndexSelection, SearchIndex } from '../store/search-index.js';
import type { VectorTable } from '../vectors/vector-table.js';
import { bringUpToDate, storedVectors } from './bring-up-to-date.js';
import { configured } from './configured.js';

/** What is looked for beyond the sources that are given: files may have changed, and one file is not to take all the places. */
const CANDIDATES = 200;

const EVERYTHING: IndexSelection = { exclude: [], maxFileBytes: 524_288 };

type Query = Parameters<CommandHandler<typeof queryCommand>>[0];

const ragQuery: CommandHandler<typeof queryCommand> = async (query, ctx) => {
  const { text: question, mode, limit } = query;
  const models = mode === 'lexical' ? { chat: false, embeddings: false } : await configured(ctx);
  if (mode === 'llm' && !models.chat) {
    throw new FatalError('no language model can be used here', { code: 'LLM_NOT_CONFIGURED', hint: 'set "llm" in .kb/kb.config.yaml, or leave "mode" out' });
  }
  const { index, vectors } = await openIndex(ctx, query, models.embeddings);
  const weighed = weighQuestion(index, question);
  const ranked = await rank(ctx, { index, vectors: models.embeddings ? vectors : undefined, weighed, query });
  const { sources, stale } = await readSources(ctx, index, { ranked, question: weighed, limit });
  const fromModel = models.chat && sources.length > 0 ? await modelAnswer(ctx, query, () => askModel(ctx, question, sources)) : undefined;
  return {
    ...(fromModel === undefined ? { answer: quoteSources(sources, weighed), answeredBy: 'passages' as const } : { ...fromModel, answeredBy: 'llm' as const }),
    sources: [...sources],
    index: { files: index.files.filter((file) => file.skipped === undefined).length, at: new Date(index.header.at).toISOString(), stale },
  };
};

export default ragQuery;

async function openIndex(ctx: PluginContext, { reindex }: Query, embeddings: boolean): Promise<{ readonly index: SearchIndex; readonly vectors: VectorTable | undefined }> {
  const earlier = await loadIndex(ctx.fs);
  if (reindex === 'auto') {
    const { index, vectors } = await bringUpToDate(ctx, { earlier, selection: earlier?.header.selection ?? EVERYTHING, embed: embeddings ? 'missing' : 'never', store: 'if-granted' });
    return { index, vectors };
  }
  if (earlier === undefined) {
    throw new FatalError('the workspace has no index', { code: 'INDEX_MISSING', hint: 'run mind:index first, or leave "reindex" out' });
  }
  return { index: earlier, vectors: embeddings ? await storedVectors(ctx, earlier) : undefined };
}

interface Ranking {
  readonly index: SearchIndex;
  readonly vectors: VectorTable | undefined;
  readonly weighed: readonly WeighedTerm[];
  readonly query: Query;
}

async function rank(ctx: PluginContext, { index, vectors, weighed, query: { text: question, paths } }: Ranking): Promise<readonly Ranked[]> {
  const options = { isWanted: paths === undefined ? () => true : pathMatcher(paths), most: CANDIDATES };
  const byWords = rankByWords(index, weighed, options);
  const vector = vectors === undefined ? undefined : await vectorOf(ctx, question, vectors);
  if (vectors === undefined || vector === undefined) return byWords;
  return fuseRanks([byWords, rankByVectors(index, vectors, { ...options, vector })]);
}

/** `undefined`: it cannot be compared with those of the index, or the model did not answer. Words are enough then. */
async function vectorOf(ctx: PluginContext, question: string, { model, dimensions }: VectorTable): Promise<readonly number[] | undefined> {
  try {
    const answer = await ctx.llm.embed([question]);
    const vector = answer.vectors[0];
    if (answer.model === model && vector?.length === dimensions) return vector;
    ctx.log.warn(`the vectors of the index are of ${model}, the question's of ${answer.model}: "mind:index" makes them anew`);
  } catch (error) {
    ctx.signal.throwIfAborted();
    ctx.log.warn(`the question has no vector: ${error instanceof Error ? error.message : String(error)}`);
  }
  return undefined;
}

/** `undefined`: the model failed, and the passages have to do, which only `llm` does not accept. */
async function modelAnswer({ signal, log }: PluginContext, { mode }: Query, ask: () => Promise<ModelAnswer>): Promise<ModelAnswer | undefined> {
  try {
    return await ask();
  } catch (error) {
    signal.throwIfAborted();
    if (mode === 'llm') throw error;
    log.warn(`the model did not answer, passages are quoted instead: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
