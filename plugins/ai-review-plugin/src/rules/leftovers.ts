import { inCode, inText, type LineRule, offsetOf } from './line-rule.js';

/** The name of the lint rule in a comment says that the author means it. */
const findConsole = inCode(/(?<![\w.$])console\.(?:log|debug|trace|dir|table)\s*\(/);

/** What is meant for the author only: breakpoints, printed values, focused and skipped tests, notes. */
export const LEFTOVER_RULES: readonly LineRule[] = [
  { rule: 'debugger', languages: ['javascript'], find: inCode(/(?:^|[;{}\s])debugger\s*(?:;|$)/) },
  {
    rule: 'debugger',
    languages: ['python'],
    find: inCode(/^\s*(?:breakpoint\(|(?:i?pdb|pudb)\.set_trace\(|import i?pdb\b|from (?:i?pdb|pudb) import\b)|;\s*i?pdb\.set_trace\(/),
  },
  { rule: 'debugger', languages: ['ruby'], find: inCode(/(?:^|[\s;])(?:binding\.(?:pry|irb|break)|byebug|debugger)\s*$/) },
  { rule: 'debugger', languages: ['php'], find: inCode(/\bxdebug_break\(/) },
  { rule: 'debugger', languages: ['csharp'], find: inCode(/\bDebugger\.(?:Break|Launch)\(/) },
  { rule: 'debugger', languages: ['go'], find: inCode(/\bruntime\.Breakpoint\(/) },

  {
    rule: 'debug-output',
    languages: ['javascript'],
    tests: 'skip',
    skipPrinting: true,
    find: (line) => (/no-console/.test(line.comment) ? undefined : findConsole(line)),
  },
  { rule: 'debug-output', languages: ['python'], tests: 'skip', skipPrinting: true, find: inCode(/^\s*p?print\s*\(/) },
  { rule: 'debug-output', languages: ['rust'], find: inCode(/\bdbg!\s*\(/) },
  { rule: 'debug-output', languages: ['php'], tests: 'skip', find: inCode(/(?<![\w>:$])(?:var_dump|print_r|dd|dump)\s*\(/) },
  { rule: 'debug-output', languages: ['go'], tests: 'skip', find: inCode(/\bspew\.Dump\(|\bfmt\.Printf?\("(?:DEBUG|debug|here)/) },
  { rule: 'debug-output', languages: ['java'], tests: 'skip', skipPrinting: true, find: inCode(/\bSystem\.(?:out|err)\.print(?:ln|f)?\(|\.printStackTrace\(\s*\)/) },
  { rule: 'debug-output', languages: ['csharp'], tests: 'skip', find: inCode(/\bDebug\.WriteLine\(/) },

  {
    rule: 'focused-test',
    languages: ['javascript'],
    find: inCode(/(?<![\w.$])(?:describe|it|test|suite|context|bench|specify)(?:\.(?:concurrent|sequential|serial))?\.only\b\s*[(.`]/),
  },
  { rule: 'focused-test', languages: ['javascript'], tests: 'only', find: inCode(/(?<![\w.$])(?:fdescribe|fit|fcontext)\s*\(/) },
  { rule: 'focused-test', languages: ['ruby'], tests: 'only', find: inCode(/^\s*(?:fdescribe|fit|fcontext)\b|,\s*(?:focus: true|:focus)\b/) },

  {
    rule: 'skipped-test',
    languages: ['javascript'],
    find: inCode(/(?<![\w.$])(?:describe|it|test)(?:\.(?:concurrent|sequential|serial))?\.skip\b\s*[(.`]/),
  },
  { rule: 'skipped-test', languages: ['javascript'], tests: 'only', find: inCode(/(?<![\w.$])(?:(?:xdescribe|xit|xtest|xcontext)\s*\(|(?:suite|context|specify)\.skip\s*\()/) },
  { rule: 'skipped-test', languages: ['python'], find: inCode(/^\s*@(?:pytest\.mark\.skip|unittest\.skip)\b(?!If|Unless|if)/) },
  { rule: 'skipped-test', languages: ['java'], tests: 'only', find: inCode(/^\s*@(?:Ignore|Disabled)\b(?!\w)/) },
  { rule: 'skipped-test', languages: ['go'], tests: 'only', find: inCode(/^\s*[tb]\.Skip(?:Now|f)?\(/) },
  { rule: 'skipped-test', languages: ['rust'], find: inCode(/^\s*#\[ignore\b/) },
  { rule: 'skipped-test', languages: ['csharp'], tests: 'only', find: inText(/\[(?:Fact|Theory)\(\s*Skip\s*=|^\s*\[Ignore\b/) },
  { rule: 'skipped-test', languages: ['ruby'], tests: 'only', find: inCode(/^\s*(?:xdescribe|xit|xcontext)\b/) },

  { rule: 'todo', find: findNote },
];

const NOTE = /(?<![\w-])(?:TODO|FIXME|HACK|XXX)(?![\w-])(?=\s*[:(]|\s|$)/;

/** A note counts in a comment. Files whose comments are unknown are prose: there it is a word among others. */
function findNote({ comment }: { readonly comment: string }): number | undefined {
  return offsetOf(NOTE, comment);
}
