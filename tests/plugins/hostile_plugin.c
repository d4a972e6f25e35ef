/* A plugin that does everything wrong, a tool for each way; and a few that do it right. In C99: it proves
   that the header is C, too. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "plugins/troupe_plugin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const troupe_host* host;
static const troupe_calls* calls;
static const troupe_log* logger;
static const troupe_http* http;
static char config_copy[256];

static troupe_span text(const char* s) {
  troupe_span span = {s, strlen(s)};
  return span;
}

static void ok(troupe_call* call, const char* answer) {
  troupe_span none = {0, 0};
  calls->finish(call, TROUPE_OK, text(answer), none);
}

static void nap(long ms) {
  struct timespec t = {ms / 1000, (ms % 1000) * 1000000};
  nanosleep(&t, 0);
}

static void echo(const troupe_service* s, troupe_call* call) {
  troupe_span none = {0, 0};
  (void)s;
  calls->finish(call, TROUPE_OK, calls->input(call), none);
}

static void key(const troupe_service* s, troupe_call* call) {
  troupe_span input = calls->input(call), none = {0, 0};
  (void)s;
  if (input.size > 17 && memcmp(input.data, "{\"troupe_status\":", 17) == 0) {
    ok(call, "{\"state\": \"done\", \"text\": \"it was done\"}");
    return;
  }
  calls->finish(call, TROUPE_OK, calls->key(call), none);
}

static void show_config(const troupe_service* s, troupe_call* call) {
  (void)s;
  ok(call, config_copy);
}

static void crash(const troupe_service* s, troupe_call* call) {
  (void)s;
  (void)call;
  raise(SIGSEGV);
}

static void leave(const troupe_service* s, troupe_call* call) {
  (void)s;
  (void)call;
  _exit(7);
}

static void hang(const troupe_service* s, troupe_call* call) {
  (void)s;
  (void)call;
  signal(SIGTERM, SIG_IGN);
  for (;;) pause();
}

static void spin(const troupe_service* s, troupe_call* call) {
  volatile unsigned long n = 0;
  (void)s;
  (void)call;
  for (;;) ++n;
}

static void allocate(const troupe_service* s, troupe_call* call) {
  static char* volatile kept; /* memory that nobody can see is not allocated by a compiler that optimizes */
  size_t total = 0;
  (void)s;
  for (; total < ((size_t)64 << 30); total += 16u << 20) {
    char* p = malloc(16u << 20);
    if (!p) {
      char words[96];
      snprintf(words, sizeof words, "no more memory");
      ok(call, words);
      return;
    }
    memset(p, 1, 16u << 20);
    kept = p;
    total += kept[0] == 0;
  }
  ok(call, "64 GiB");
}

static void fork_bomb(const troupe_service* s, troupe_call* call) {
  (void)s;
  for (int i = 0; i < 64; ++i) {
    pid_t child = fork();
    if (child < 0) {
      ok(call, errno == EPERM || errno == ENOSYS || errno == EAGAIN ? "cannot fork" : strerror(errno));
      return;
    }
    if (child == 0)
      for (;;) pause();
  }
  ok(call, "64 processes");
}

static void flood_stdout(const troupe_service* s, troupe_call* call) {
  static char block[1 << 16];
  (void)s;
  memset(block, 'x', sizeof block);
  for (int i = 0; i < (1 << 14); ++i)
    if (write(1, block, sizeof block) < 0) break;
  ok(call, "1 GiB written");
}

static void flood_answer(const troupe_service* s, troupe_call* call) {
  char* large = calloc(1, (size_t)1 << 26);
  troupe_span span = {large, (size_t)1 << 26}, none = {0, 0};
  (void)s;
  memset(large, 'x', (size_t)1 << 26);
  calls->finish(call, TROUPE_OK, span, none);
  free(large);
}

static void flood_progress(const troupe_service* s, troupe_call* call) {
  (void)s;
  while (calls->progress(call, text("still at work"), 0.5) == TROUPE_OK) {
  }
}

static void twice(const troupe_service* s, troupe_call* call) {
  (void)s;
  ok(call, "first");
  ok(call, "second");
}

static void never(const troupe_service* s, troupe_call* call) {
  (void)s;
  (void)call;
}

static void* finish_late(void* raw) {
  troupe_call* call = raw;
  while (!calls->cancelled(call)) nap(1);
  nap(5);
  ok(call, "too late");
  ok(call, "again");
  return 0;
}

static void late(const troupe_service* s, troupe_call* call) {
  pthread_t thread;
  (void)s;
  if (pthread_create(&thread, 0, finish_late, call) != 0)
    ok(call, "no thread");
  else
    pthread_detach(thread);
}

static troupe_call* waiting;
static void until_cancelled(const troupe_service* s, troupe_call* call) {
  (void)s;
  calls->progress(call, text("waits"), -1);
  waiting = call;
}
static void stop_waiting(const troupe_service* s, troupe_call* call) {
  troupe_span none = {0, 0};
  (void)s;
  if (waiting == call) calls->finish(call, TROUPE_CANCELLED, text("as you wish"), none);
}

static void read_shadow(const troupe_service* s, troupe_call* call) {
  char words[128];
  int fd = open("/etc/shadow", O_RDONLY);
  (void)s;
  if (fd < 0) fd = open("/etc/passwd", O_RDONLY);
  snprintf(words, sizeof words, fd < 0 ? "cannot read: %s" : "read it", strerror(errno));
  ok(call, words);
}

static void write_file(const troupe_service* s, troupe_call* call) {
  int fd = open("/tmp/troupe-hostile", O_WRONLY | O_CREAT, 0600);
  (void)s;
  ok(call, fd < 0 ? "cannot write" : "wrote");
}

static void connect_out(const troupe_service* s, troupe_call* call) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(80)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  (void)s;
  inet_pton(AF_INET, "169.254.169.254", &to.sin_addr);
  if (fd < 0) {
    ok(call, "no socket");
    return;
  }
  ok(call, connect(fd, (struct sockaddr*)&to, sizeof to) < 0 ? "cannot connect" : "connected");
}

static void trace_parent(const troupe_service* s, troupe_call* call) {
  (void)s;
  ok(call, ptrace(PTRACE_ATTACH, getppid(), 0, 0) < 0 ? "cannot trace" : "traced");
}

extern char** environ;
static void environment(const troupe_service* s, troupe_call* call) {
  char words[4096] = "";
  (void)s;
  for (char** e = environ; *e; ++e) {
    strncat(words, *e, sizeof words - strlen(words) - 2);
    strcat(words, "\n");
  }
  ok(call, words);
}

static void descriptors(const troupe_service* s, troupe_call* call) {
  char words[4096] = "";
  (void)s;
  for (int fd = 0; fd < 1024; ++fd)
    if (fcntl(fd, F_GETFD) >= 0) snprintf(words + strlen(words), sizeof words - strlen(words), "%d ", fd);
  ok(call, words);
}

static void break_channel(const troupe_service* s, troupe_call* call) {
  (void)s;
  (void)call;
  /* Whatever descriptor the channel is: nonsense into all of them. */
  for (int fd = 3; fd < 16; ++fd) (void)!write(fd, "\377\377\377\377nonsense", 12);
  for (;;) pause();
}

static troupe_call* fetching;
static void on_answer(void* user, const troupe_http_answer* answer) {
  char* words = user;
  troupe_http_request request = {.struct_size = TROUPE_SIZE(troupe_http_request), .url = text("http://x/")};
  /* Waiting here would wait for itself. */
  troupe_status again = http->fetch(fetching, &request, on_answer, 0);
  snprintf(words, 1024, "%d %d %d %.*s", (int)answer->status, (int)answer->http_status, (int)again,
           (int)(answer->body.size < 600 ? answer->body.size : 600), answer->body.data);
}

static void fetch(const troupe_service* s, troupe_call* call) {
  char words[1024] = "";
  troupe_span input = calls->input(call);
  troupe_http_request request = {.struct_size = TROUPE_SIZE(troupe_http_request)};
  (void)s;
  if (!http) {
    ok(call, "no host is granted");
    return;
  }
  /* {"url":"…"} */
  request.url.data = input.data + 8;
  request.url.size = input.size - 10;
  fetching = call;
  troupe_status begun = http->fetch(call, &request, on_answer, words);
  if (begun != TROUPE_OK) snprintf(words, sizeof words, "not begun: %d", (int)begun);
  ok(call, words);
}

static void time_left(const troupe_service* s, troupe_call* call) {
  (void)s;
  ok(call, calls->time_left(call) > 0 && calls->time_left(call) < 60000 ? "less than a minute" : "no limit");
}

static void say(const troupe_service* s, troupe_call* call) {
  (void)s;
  logger->write(host, TROUPE_LOG_WARN, text("a line from the plugin"));
  printf("and one on its standard output\n");
  fflush(stdout);
  ok(call, "said");
}

static void fails(const troupe_service* s, troupe_call* call) {
  troupe_span none = {0, 0};
  (void)s;
  calls->finish(call, TROUPE_INVALID, text("there is no such city; name another"), none);
}

/* Text that would steer a terminal: a title, a colour, and a line that looks like one of somebody else. */
static void steer(const troupe_service* s, troupe_call* call) {
  (void)s;
  ok(call, "\033]0;mine\007\033[32mok\b\b");
}
static void steer_error(const troupe_service* s, troupe_call* call) {
  troupe_span none = {0, 0};
  (void)s;
  calls->finish(call, TROUPE_FAILED, text("\033[2Jgone\302\2332J"), none);
}

#define ANY "{\"type\":\"object\"}"
#define TOOL(fn) TOOL_WITH(fn, .effect = TROUPE_AT_MOST_ONCE)
#define TOOL_WITH(fn, ...)                     \
  {.struct_size = TROUPE_SIZE(troupe_service), \
   .kind = "tool",                             \
   .name = #fn,                                \
   .description = #fn,                         \
   .input_schema = ANY,                        \
   .handle = fn,                               \
   __VA_ARGS__}

static const troupe_service services[] = {
    TOOL_WITH(echo, .effect = TROUPE_PURE),
    TOOL_WITH(key, .features = "status"),
    TOOL_WITH(show_config, .effect = TROUPE_PURE),
    TOOL(crash),
    TOOL(leave),
    TOOL_WITH(hang, .timeout_ms = 2000),
    TOOL_WITH(spin, .timeout_ms = 2000),
    TOOL(allocate),
    TOOL(fork_bomb),
    TOOL(flood_stdout),
    TOOL(flood_answer),
    TOOL(flood_progress),
    TOOL(twice),
    TOOL_WITH(never, .timeout_ms = 2000),
    TOOL(late),
    TOOL_WITH(until_cancelled, .cancel = stop_waiting),
    TOOL(read_shadow),
    TOOL(write_file),
    TOOL(connect_out),
    TOOL(trace_parent),
    TOOL(environment),
    TOOL(descriptors),
    TOOL(break_channel),
    TOOL(fetch),
    TOOL(time_left),
    TOOL(say),
    TOOL(fails),
    TOOL(steer),
    TOOL(steer_error),
    {.struct_size = TROUPE_SIZE(troupe_service), .kind = "oracle", .name = "delphi", .handle = echo},
};
enum { SERVICES = sizeof services / sizeof services[0] };

static const troupe_service* const* list(uint32_t* count) {
  static const troupe_service* all[SERVICES];
  for (int i = 0; i < SERVICES; ++i) all[i] = &services[i];
  *count = SERVICES;
  return all;
}

static troupe_status init(const troupe_host* given, troupe_span config, char* why, size_t why_size) {
  host = given;
  calls = host->capability(host, TROUPE_CALLS);
  logger = host->capability(host, TROUPE_LOG);
  http = host->capability(host, TROUPE_HTTP);
  snprintf(config_copy, sizeof config_copy, "%.*s", (int)config.size, config.data);
  if (host->capability(host, "troupe.dreams/9")) return TROUPE_FAILED;
  if (strstr(config_copy, "refuse")) {
    snprintf(why, why_size, "the configuration says so");
    return TROUPE_UNAVAILABLE;
  }
  if (strstr(config_copy, "crash")) raise(SIGSEGV);
  if (strstr(config_copy, "hang"))
    for (;;) pause();
  return TROUPE_OK;
}

extern TROUPE_EXPORT const troupe_plugin troupe_plugin_entry;
const troupe_plugin troupe_plugin_entry = {
    .struct_size = TROUPE_SIZE(troupe_plugin),
    .abi = TROUPE_ABI,
    .name = "hostile",
    .version = "1",
    .description = "does everything wrong",
    .config_schema = "{\"type\":\"object\",\"properties\":{\"mood\":{\"type\":\"string\"}}}",
    .init = init,
    .services = list,
};
