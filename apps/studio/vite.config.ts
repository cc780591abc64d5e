import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  // Wherever a gateway is put: the page says by its <base> where it is.
  base: './',
  plugins: [react()],
  resolve: { conditions: ['@kb-labs/source', 'browser', 'module', 'import', 'default'] },
  build: {
    target: 'es2023',
    sourcemap: false,
    // Inlined, an asset would be a `data:` address, which the policy of the page refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    chunkSizeWarningLimit: 1_500,
  },
});
