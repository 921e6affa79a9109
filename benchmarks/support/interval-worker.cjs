// A worker that does nothing as often as a sampling thread does something.
setInterval(() => {}, 10_000)
