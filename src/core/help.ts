// What `offloop --help` and the help of its commands say; that of `top` is with its arguments.

const ENVIRONMENT = `Configured by the environment, as \`node --import offloop/register\` is:

  OFFLOOP_SERVICE            name of the service        (default: OTEL_SERVICE_NAME, else the package's name)
  OFFLOOP_INTERVAL_MS        time between samples       (default: 10000)
  OFFLOOP_SERVE              serve HTTP on host:port; off: do not
                             (default: 127.0.0.1:9464 under \`offloop run\`, else off)
  OFFLOOP_SERVE_SHARE        1: share the port          (default: within a cluster)
  OFFLOOP_EXPORT             where to, by commas        (default: none)
                             tinyobs=URL, otlp=URL, dogstatsd=host:port, dogstatsd=unix:path, module=path
  OFFLOOP_TINYOBS_KEY        the TinyObs server's key
  OFFLOOP_LABELS             k=v,… added to every metric
  OFFLOOP_STALL_MS           a turn of the event loop so long is a stall; 0: watch none (default: 1000)
  OFFLOOP_STALL_WORKERS      1: stalls of workers too    (default: 0)
  OFFLOOP_STORE_MAX_BYTES    for the last 24 hours      (default: 2097152)
  OFFLOOP_HEAP_OBJECTS       0: no heap objects         (default: 1)
  OFFLOOP_HEAP_ACCOUNTING    0: no allocated bytes      (default: 1)
  OFFLOOP_RESOURCES_BY_TYPE  1: active resources by type (default: 0)
  OFFLOOP_NATIVE             0: without the addon, by perf_hooks (default: 1)
  OFFLOOP_DISABLED           1: all off
`

export const OVERVIEW = `Usage: offloop run [--top] [node options] app.js [--] [arguments of app.js]
       offloop top [URL]
       offloop rebuild [--nodedir=FOLDER]
       offloop help [run|top|rebuild]
       offloop --version

  run      runs app.js with runtime metrics on and no change to its code
  top      shows a running process in the terminal
  rebuild  compiles the addon, where the package has no binary that fits
  help     tells more of a command, as its --help does

${ENVIRONMENT}`

export const RUN = `Usage: offloop run [--top] [node options] app.js [--] [arguments of app.js]

Runs app.js with runtime metrics on and no change to its code, and says on stderr where they are.

  --top        shows them in the terminal, and the last lines of what app.js prints; q leaves the view, and app.js
               goes on
  -h, --help   this text; behind app.js it is for app.js

All other options before app.js are for Node.js: offloop run --inspect app.js. Signals are passed on, and the exit code
is that of app.js; 128 and the signal's number where one has ended it; 2 for wrong arguments.

${ENVIRONMENT}`

export const REBUILD = `Usage: offloop rebuild [--nodedir=FOLDER]

Compiles the addon for the Node.js that runs this, where the package has no binary that fits. Needs a C++ compiler,
make and Python 3.

  --nodedir=FOLDER  has the headers of that Node.js in include/node, where they are not beside its binary and cannot be
                    downloaded either
  -h, --help        this text

The exit code is 0, 1 where it cannot be compiled, 2 for wrong arguments.
`
