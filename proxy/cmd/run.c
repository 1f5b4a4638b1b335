/* tamis run [-c FILE] [--ports FILE]: the proxy, in the foreground.
 *
 *   SIGHUP   reads the configuration and the keyring again: rules, keys and log.level at once; a bad one changes nothing
 *   SIGTERM  takes in what has arrived, makes it durable, ships what it can within limits.stop, ends
 *   SIGUSR1  logs the counters */
#include <curl/curl.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <uv.h>

#include "proxy/cmd/cmd.h"
#include "proxy/cmd/common.h"
#include "proxy/cmd/rotation.h"
#include "proxy/input/input.h"
#include "proxy/ship/ship.h"
#include "proxy/util/files.h"
#include "proxy/util/log.h"

enum { SIGNALS = 4, COUNTERS_MS = 60000 };

struct run {
  const char       *file, *ports_file;
  struct conf      *conf;   /* of the start: inputs, queue, store, limits */
  struct cmd_engine engine; /* in force: its rules, its keys; its conf is the start's or the last reload's */
  struct rotation   rotation;
  struct queue     *queue;
  struct shipper   *shipper;
  struct worker    *worker;
  struct inputs    *inputs;
  uv_loop_t         loop;
  uv_signal_t       signals[SIGNALS];
  uv_timer_t        deadline, report;
  bool              stopping;
  int64_t           stop_by_ms; /* monotonic */
  uint64_t          reported;   /* records received at the last report */
};

/* Records are in memory: no core file, no debugger of the same user. Files are the owner's. Descriptors as many as may be. */
static void harden(void) {
  struct rlimit none = { 0, 0 }, files;
  prctl(PR_SET_DUMPABLE, 0);
  setrlimit(RLIMIT_CORE, &none);
  umask(077);
  signal(SIGPIPE, SIG_IGN);
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
}

static void counters_log(struct run *run) {
  const struct counters *counters = worker_counters(run->worker);
  struct queue_stats     queue;
  struct ship_stats      ship;
  char                   line[900];
  int                    n = 0;
#define X(name, help) n += snprintf(line + n, sizeof line - (size_t)n, #name "=%llu ", (unsigned long long)counters->name);
  COUNTERS(X)
#undef X
  queue_stats(run->queue, &queue);
  shipper_stats(run->shipper, &ship);
  run->reported = counters->received;
  log_info("run.counters", "%s", line);
  log_info(
      "run.queue",
      "segments_waiting=%llu disk_bytes=%llu syncs=%llu failed_batches=%llu cut_bytes=%llu damaged_bytes=%llu objects=%llu objects_bytes=%llu retries=%llu",
      (unsigned long long)queue.segments_waiting, (unsigned long long)queue.disk_bytes, (unsigned long long)queue.syncs,
      (unsigned long long)queue.failed_batches, (unsigned long long)queue.cut_bytes, (unsigned long long)queue.damaged_bytes,
      (unsigned long long)ship.objects, (unsigned long long)ship.bytes, (unsigned long long)ship.retries);
}

static void on_report(uv_timer_t *timer) {
  struct run *run = timer->data;
  if (worker_counters(run->worker)->received != run->reported) counters_log(run);
}

/* ---- reload ---- */

/* The engine in force, but for the start's configuration. */
static void engine_close(struct run *run) {
  if (run->engine.conf == run->conf) run->engine.conf = NULL;
  cmd_engine_close(&run->engine);
}

static void reload(struct run *run) {
  struct cmd_engine engine;
  if (!cmd_engine_open(&engine, run->file, true, NULL)) {
    log_error("run.reload", "result=refused rules=unchanged keys=unchanged do=run-tamis-check-and-tamis-keys-list");
    return;
  }
  if (!worker_rules_set(run->worker, engine.rules)) {
    log_error("run.reload", "result=no-memory rules=unchanged");
    cmd_engine_close(&engine);
    return;
  }
  log_level_set((enum log_level)engine.conf->log.level);
  if (cmd_epoch_rekeyed(&run->engine.ring, &engine.ring, ruleset_epoch(engine.rules))) rotation_rekeyed_log(ruleset_epoch(engine.rules));
  engine_close(run);
  run->engine = engine;
  rotation_again(&run->rotation);
  log_info("run.reload", "result=ok rules=%.16s count=%zu epoch=%s restart-for=all-other-keys", ruleset_hash(run->engine.rules),
           ruleset_count(run->engine.rules), ruleset_epoch(run->engine.rules));
}

/* ---- stop ---- */

static void on_drained(void *context) {
  struct run *run = context;
  for (int i = 0; i < SIGNALS; i++) uv_close((uv_handle_t *)&run->signals[i], NULL);
  uv_close((uv_handle_t *)&run->deadline, NULL);
  uv_close((uv_handle_t *)&run->report, NULL);
  rotation_close(&run->rotation);
}

static void on_inputs_closed(void *context) {
  struct run *run = context;
  worker_drain(run->worker, on_drained, run);
}

static void on_deadline(uv_timer_t *timer) {
  struct run *run = timer->data;
  log_warn("run.stop", "result=cut-off do=raise-limits.stop");
  inputs_cut(run->inputs);
  worker_give_up(run->worker);
}

static void stop(struct run *run) {
  int64_t stop_ms = run->conf->limits.stop_ms;
  if (run->stopping) {
    on_deadline(&run->deadline);
    return;
  }
  run->stopping = true;
  run->stop_by_ms = clock_monotonic_ms() + stop_ms;
  log_info("run.stop", "within=%lldms", (long long)stop_ms);
  uv_timer_start(&run->deadline, on_deadline, (uint64_t)stop_ms / 2, 0); /* the other half is the shipper's */
  inputs_stop(run->inputs, on_inputs_closed, run);
}

static void on_signal(uv_signal_t *handle, int number) {
  struct run *run = handle->data;
  if (number == SIGHUP) reload(run);
  else if (number == SIGUSR1) counters_log(run);
  else stop(run);
}

/* ---- start ---- */

static const char *transport_name(const struct conf_input *input) {
  return input->kind == CONF_INPUT_HTTP ? "HTTP" : input->transport == CONF_UDP ? "syslog UDP" : "syslog TCP";
}

static void hint_print(const struct conf_input *input, unsigned port) {
  static const char line[] = "'call from +33 1 99 00 12 34 at 192.0.2.7'";
  if (input->kind == CONF_INPUT_HTTP) printf("curl -d %s http://%s:%u/\n", line, input->address, port);
  else printf("logger -n %s -P %u %s %s\n", input->address, port, input->transport == CONF_UDP ? "-d" : "-T", line);
}

static void ready_print(const struct run *run) {
  const struct conf *conf = run->conf;
  printf("tamis is ready: stream %s, node %s, %zu rules\n", conf->stream, conf->node, ruleset_count(run->engine.rules));
  for (size_t i = 0; i < conf->input_count; i++) {
    const struct conf_input *input = &conf->inputs[i];
    bool                     v6 = strchr(input->address, ':') != NULL;
    printf("  %-10s on %s%s%s:%-6u try: ", transport_name(input), v6 ? "[" : "", input->address, v6 ? "]" : "", inputs_port(run->inputs, i));
    hint_print(input, inputs_port(run->inputs, i));
  }
  if (conf->store.kind == CONF_STORE_DIRECTORY)
    printf("  result, some %lld s later: zcat %s/%s%s/%s/*.gz\n", (long long)(conf->queue.segment_age_ms + 999) / 1000, conf->store.path,
           conf->store.prefix, conf->stream, conf->node);
  else printf("  result: bucket %s at %s, under %s%s/%s/\n", conf->store.bucket, conf->store.endpoint, conf->store.prefix, conf->stream, conf->node);
  fflush(stdout);
}

/* A line per input: name, space, port; appears whole. */
static bool ports_write(const struct run *run) {
  const struct conf *conf = run->conf;
  char               text[8192];
  size_t             n = 0;
  if (run->ports_file == NULL) return true;
  for (size_t i = 0; i < conf->input_count && n < sizeof text - 128; i++)
    n += (size_t)snprintf(text + n, sizeof text - n, "%.100s %u\n", conf->inputs[i].name, inputs_port(run->inputs, i));
  if (file_replace(run->ports_file, text, n) == 0) return true;
  fprintf(stderr, "tamis: %s: cannot be written\n", run->ports_file);
  return false;
}

static void loop_handles(struct run *run) {
  static const int numbers[SIGNALS] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };
  for (int i = 0; i < SIGNALS; i++) {
    uv_signal_init(&run->loop, &run->signals[i]);
    run->signals[i].data = run;
    uv_signal_start(&run->signals[i], on_signal, numbers[i]);
  }
  uv_timer_init(&run->loop, &run->deadline);
  uv_timer_init(&run->loop, &run->report);
  run->deadline.data = run->report.data = run;
  uv_timer_start(&run->report, on_report, COUNTERS_MS, COUNTERS_MS);
  rotation_start(&run->rotation, &run->loop, &run->engine, run->worker);
}

static bool queue_start(struct run *run, char *why, size_t size) {
  const struct conf   *conf = run->conf;
  struct queue_options options = { .path = conf->queue.path,
                                   .stream = conf->stream,
                                   .node = conf->node,
                                   .segment_bytes = conf->queue.segment_bytes,
                                   .segment_age_ms = conf->queue.segment_age_ms,
                                   .disk_bytes = conf->limits.disk_bytes };
  run->queue = queue_open(&options, why, size);
  run->shipper = run->queue != NULL ? shipper_start(conf, run->queue, why, size) : NULL;
  return run->shipper != NULL;
}

static void queue_end(struct run *run) {
  struct queue_stats stats;
  if (run->queue == NULL) return;
  queue_stop(run->queue);
  if (run->worker != NULL && run->shipper != NULL) counters_log(run);
  if (run->shipper != NULL) shipper_stop(run->shipper, run->stop_by_ms);
  queue_stats(run->queue, &stats);
  if (stats.segments_waiting > 0)
    log_warn("run.left", "segments=%llu kept=in-the-queue shipped=at-the-next-start", (unsigned long long)stats.segments_waiting);
  queue_close(run->queue);
}

static void on_nothing(void *context) { (void)context; }

static bool start(struct run *run, char *why, size_t size) {
  if (!queue_start(run, why, size)) return false;
  run->worker = worker_new(&run->loop, run->conf, run->queue, run->engine.rules, why, size);
  if (run->worker == NULL) return false;
  run->inputs = inputs_open(&run->loop, run->conf, run->worker, why, size);
  if (run->inputs == NULL) worker_drain(run->worker, on_nothing, NULL);
  return run->inputs != NULL;
}

/* Until SIGTERM. False: it did not start. */
static bool serve(struct run *run) {
  char why[600] = "";
  bool good = start(run, why, sizeof why);
  if (good) {
    loop_handles(run);
    good = ports_write(run);
    if (good) ready_print(run);
    else stop(run);
  } else {
    fprintf(stderr, "tamis: %s\n", why);
  }
  uv_run(&run->loop, UV_RUN_DEFAULT);
  queue_end(run);
  return good;
}

int cmd_run(int argc, char **argv) {
  static const struct option options[] = { { "ports", required_argument, NULL, 'p' }, { 0 } };
  struct run                 run = { 0 };
  int                        option;
  bool                       good;
  while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
    if (option == 'c') run.file = optarg;
    else if (option == 'p') run.ports_file = optarg;
    else return cmd_usage("run [-c FILE] [--ports FILE]");
  }
  if (optind != argc) return cmd_usage("run [-c FILE] [--ports FILE]");
  harden();
  if (!cmd_engine_open(&run.engine, run.file, true, NULL)) return 2;
  run.conf = run.engine.conf;
  log_level_set((enum log_level)run.conf->log.level);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  uv_loop_init(&run.loop);
  good = serve(&run);
  inputs_free(run.inputs);
  worker_free(run.worker);
  uv_loop_close(&run.loop);
  engine_close(&run);
  conf_free(run.conf);
  curl_global_cleanup();
  return good ? 0 : 2;
}
