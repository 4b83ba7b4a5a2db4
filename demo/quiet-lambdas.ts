/** Keeps the Lambdas' log lines and metrics out of the demo's pages. Their logger reads the level when it is imported: import this first. */
process.env.POWERTOOLS_LOG_LEVEL ??= 'SILENT';
process.env.POWERTOOLS_METRICS_DISABLED ??= 'true';
