import { createRequire } from 'node:module';

/** A program: imports one entry and prints which packages of others were loaded with it. */
await import(process.argv[2] ?? '');
const files = Object.keys(createRequire(import.meta.url).cache);
console.log(JSON.stringify(['ioredis', '@aws-sdk/client-s3'].filter((name) => files.some((file) => file.includes(`/node_modules/${name}/`)))));
