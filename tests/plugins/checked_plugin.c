/* A plugin for the tests of `plugin check`: it needs a configuration, takes calls at once, and does wrong
   only in some of its calls. */
#include "troupe_plugin.h"

#include <string.h>
#include <time.h>

static const troupe_calls* calls;

static troupe_span text(const char* s) {
  troupe_span span = {s, strlen(s)};
  return span;
}

static void end(troupe_call* call, troupe_status status, const char* words) {
  troupe_span none = {0, 0};
  calls->finish(call, status, text(words), none);
}

static void quick(const troupe_service* s, troupe_call* call) {
  (void)s;
  end(call, TROUPE_OK, "done");
}

/* The second call only: it waits to be cancelled, and ends twice then. */
static void twice_when_cancelled(const troupe_service* s, troupe_call* call) {
  static int count;
  struct timespec ms = {0, 1000000};
  (void)s;
  if (++count != 2) {
    end(call, TROUPE_OK, "done");
    return;
  }
  while (!calls->cancelled(call)) nanosleep(&ms, 0);
  end(call, TROUPE_CANCELLED, "as you wish");
  end(call, TROUPE_CANCELLED, "as you wish");
}

/* From the third call on, which is the first of many at once. */
static void twice_at_once(const troupe_service* s, troupe_call* call) {
  static int count;
  (void)s;
  end(call, TROUPE_OK, "done");
  if (++count > 2) end(call, TROUPE_OK, "again");
}

static void no_text(const troupe_service* s, troupe_call* call) {
  (void)s;
  end(call, TROUPE_OK, "a\xff\xc0");
}

static void no_words(const troupe_service* s, troupe_call* call) {
  (void)s;
  end(call, TROUPE_FAILED, "because \xc3");
}

static void no(const troupe_service* s, troupe_call* call) {
  (void)s;
  end(call, TROUPE_UNAVAILABLE, "not today");
}

#define TOOL(fn, does)                         \
  {.struct_size = TROUPE_SIZE(troupe_service), \
   .effect = does,                             \
   .kind = "tool",                             \
   .name = #fn,                                \
   .description = #fn,                         \
   .handle = fn}

static const troupe_service* const* services(uint32_t* count) {
  static const troupe_service tools[] = {TOOL(quick, TROUPE_PURE),
                                         TOOL(twice_when_cancelled, TROUPE_AT_MOST_ONCE),
                                         TOOL(twice_at_once, TROUPE_AT_MOST_ONCE),
                                         TOOL(no_text, TROUPE_AT_MOST_ONCE),
                                         TOOL(no_words, TROUPE_AT_MOST_ONCE),
                                         TOOL(no, TROUPE_AT_MOST_ONCE)};
  static const troupe_service* all[sizeof tools / sizeof tools[0]];
  *count = sizeof tools / sizeof tools[0];
  for (uint32_t i = 0; i < *count; ++i) all[i] = &tools[i];
  return all;
}

static troupe_status init(const troupe_host* host, troupe_span config, char* why, size_t why_size) {
  (void)config, (void)why, (void)why_size;
  calls = (const troupe_calls*)host->capability(host, TROUPE_CALLS);
  return calls ? TROUPE_OK : TROUPE_UNAVAILABLE;
}

extern TROUPE_EXPORT const troupe_plugin troupe_plugin_entry;
const troupe_plugin troupe_plugin_entry = {
    .struct_size = TROUPE_SIZE(troupe_plugin),
    .abi = TROUPE_ABI,
    .name = "probe",
    .version = "1",
    .config_schema =
        "{\"type\":\"object\",\"required\":[\"unit\"],\"additionalProperties\":false,"
        "\"properties\":{\"unit\":{\"type\":\"string\"},\"most\":{\"type\":\"integer\"}}}",
    .init = init,
    .services = services,
    .concurrent = 3,
};
