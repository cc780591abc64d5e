/** What runs as a daemon: a program of its own, for it brings a web server along. */
export { runDaemon } from '@kb-labs/daemon/run-daemon';
