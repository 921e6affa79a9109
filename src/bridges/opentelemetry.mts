// What `import` finds: the instance that `require` finds, and all of its names.
export * from './opentelemetry.js'
