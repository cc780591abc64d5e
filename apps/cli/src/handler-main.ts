/** What handlers run in that do not run in the engine, as a program of its own. */
import '@kb-labs/plugin-host/handler-main';
