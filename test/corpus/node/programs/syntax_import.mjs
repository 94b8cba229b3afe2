await import('./broken.mjs');
