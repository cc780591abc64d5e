/** What the shell can offer for a value. */
export type Completion = 'workflow' | 'run' | 'file' | 'folder' | 'command' | readonly string[];

type OptionType = 'boolean' | 'string' | 'integer' | 'number';

/** One `--flag`. A boolean takes no value, except `--flag=false`; everything else takes one. */
export interface OptionSpec {
  readonly type: OptionType;
  readonly describe: string;
  readonly short?: string;
  /** Stands for the value in help. */
  readonly value?: string;
  readonly multiple?: true;
  readonly required?: true;
  readonly choices?: readonly string[];
  readonly complete?: Completion;
}

export interface PositionalSpec {
  readonly name: string;
  readonly describe: string;
  readonly multiple?: true;
  readonly required?: true;
  readonly choices?: readonly string[];
  readonly complete?: Completion;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** A command as data: parsing, help and completion are made from it, and the code that runs it is loaded only then. */
export interface CommandSpec {
  /** One line, no full stop. */
  readonly summary: string;
  readonly details?: string;
  readonly options: OptionSpecs;
  readonly positional?: PositionalSpec;
  readonly examples: readonly string[];
  readonly hidden?: true;
  /**
   * What `KB_URL` means to it. `asked`: the gateway is asked in place of the state of a project. `none`: it is about this machine or
   * this project and touches no runs. Left out: it needs the state of a project, and is refused.
   */
  readonly gateway?: 'asked' | 'none';
}

type ValueOf<Spec extends OptionSpec> = Spec['type'] extends 'boolean'
  ? boolean
  : Spec['type'] extends 'string'
    ? string
    : number;

type ArgOf<Spec extends OptionSpec> = Spec extends { multiple: true }
  ? readonly ValueOf<Spec>[]
  : Spec extends { required: true } | { type: 'boolean' }
    ? ValueOf<Spec>
    : ValueOf<Spec> | undefined;

/** What a handler gets: every option by its name, and `rest`, the positional arguments: at least one where one is required. */
export type ArgsOf<Spec extends CommandSpec> = {
  readonly [Name in keyof Spec['options']]: ArgOf<Spec['options'][Name]>;
} & { readonly rest: Spec extends { positional: { required: true } } ? readonly [string, ...string[]] : readonly string[] };
