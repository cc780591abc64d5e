/** Why a file is not in the index. */
export type SkipReason =
  | 'binary'
  | 'empty'
  | 'excluded'
  | 'generated'
  | 'installed'
  | 'internal'
  | 'link'
  | 'lock-file'
  | 'minified'
  | 'not-granted'
  | 'not-text'
  | 'secrets'
  | 'submodule'
  | 'too-large'
  | 'too-many'
  | 'unreadable';

const LOCK_FILES = new Set(
  'package-lock.json npm-shrinkwrap.json pnpm-lock.yaml yarn.lock bun.lock deno.lock Cargo.lock poetry.lock uv.lock Pipfile.lock Gemfile.lock composer.lock go.sum flake.lock mix.lock pubspec.lock Podfile.lock'
    .toLowerCase()
    .split(' '),
);

const BINARY =
  /\.(?:png|jpe?g|gif|webp|avif|bmp|ico|icns|tiff?|psd|pdf|zip|gz|tgz|bz2|xz|zst|br|7z|rar|tar|jar|war|class|o|a|so|dylib|dll|exe|node|wasm|bin|dat|db|sqlite3?|mp[34]|m4a|mov|avi|mkv|webm|ogg|wav|flac|woff2?|ttf|otf|eot|pyc|rdb|onnx|parquet)$/i;

/** Where people keep what nobody else may see: it would be quoted, and sent to a model. */
const SECRETS = /(?:^|\/)(?:\.env(?:\..+)?|\.npmrc|\.netrc|\.pypirc|\.git-credentials|\.htpasswd|id_(?:rsa|dsa|ecdsa|ed25519)|[^/]+\.(?:pem|key|p12|pfx|jks|keystore|kdbx))$/i;
const SECRETS_BY_EXAMPLE = /(?:^|\/)\.env\.(?:example|sample|template|dist)$/i;

/** Why a file is left out by its name alone; `undefined` when it is not. */
export function passedOver(path: string): SkipReason | undefined {
  if (/^\.kb\/(?!workflows\/)/.test(path)) return 'internal';
  if (/(?:^|\/)\.git(?:\/|$)/.test(path)) return 'internal';
  if (/(?:^|\/)node_modules\//.test(path)) return 'installed';
  if (SECRETS.test(path) && !SECRETS_BY_EXAMPLE.test(path)) return 'secrets';
  if (LOCK_FILES.has(path.slice(path.lastIndexOf('/') + 1).toLowerCase())) return 'lock-file';
  if (/\.(?:map|min\.(?:js|css|mjs)|snap)$/i.test(path)) return 'generated';
  return BINARY.test(path) ? 'binary' : undefined;
}
