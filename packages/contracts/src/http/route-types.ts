import type * as z from 'zod/mini';

import type { RouteAnswer } from './route-spec.js';
import type { RouteName, ROUTES } from './routes.js';
import type { Frozen } from './schema-of.js';

type Row<Name extends RouteName> = (typeof ROUTES)[Name];
type Schema = z.ZodMiniType;

type OutputOf<Name extends RouteName, Part extends string> = Row<Name> extends { readonly [Key in Part]: infer Found extends Schema } ? Frozen<z.output<Found>> : undefined;

/** What a request to a route consists of, checked; `undefined` for parts that it does not have. */
export type ParamsOf<Name extends RouteName> = OutputOf<Name, 'params'>;
export type QueryOf<Name extends RouteName> = OutputOf<Name, 'query'>;
export type BodyOf<Name extends RouteName> = OutputOf<Name, 'body'>;

/** Those that can be followed, and the data of one of their events. */
export type StreamName = { [Name in RouteName]: Row<Name> extends { readonly stream: Schema } ? Name : never }[RouteName];
export type StreamedBy<Name extends StreamName> = Exclude<OutputOf<Name, 'stream'>, undefined>;

type BodyIn<Answer> = Answer extends { readonly body: infer Body extends RouteAnswer['body'] } ? Body : never;
type AnsweredIn<Body> = Body extends Schema ? Frozen<z.output<Body>> : never;

/** The JSON that a route answers. */
export type JsonAnswerOf<Name extends RouteName> = AnsweredIn<BodyIn<Row<Name>['answers'][number]>>;
/** Those that answer bytes, and those that answer text that is no JSON. */
export type BinaryName = { [Name in RouteName]: BodyIn<Row<Name>['answers'][number]> extends 'binary' ? Name : never }[RouteName];
export type TextName = { [Name in RouteName]: BodyIn<Row<Name>['answers'][number]> extends { readonly text: string } ? Name : never }[RouteName];
export type JsonName = Exclude<RouteName, BinaryName | TextName>;
/** Those of callers that are known. */
export type CallerName = { [Name in RouteName]: Row<Name>['access'] extends 'public' | 'proof' ? never : Name }[RouteName];
