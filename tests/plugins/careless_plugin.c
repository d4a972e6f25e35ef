/* A plugin with mistakes that AddressSanitizer finds. Not part of the build: tests compile it themselves. */
#include "troupe_plugin.h"

#include <stdlib.h>
#include <string.h>

static const troupe_calls* calls;

static void answer(troupe_call* call, const char* words) {
  troupe_span span = {words, strlen(words)}, none = {0, 0};
  calls->finish(call, TROUPE_OK, span, none);
}

static void tidy(const troupe_service* service, troupe_call* call) {
  (void)service;
  free(malloc(16));
  answer(call, "tidy");
}

static void leak(const troupe_service* service, troupe_call* call) {
  char* volatile lost = malloc(48);
  (void)service;
  memset(lost, 1, 48);
  lost = 0;
  answer(call, "one piece less");
}

static void overflow(const troupe_service* service, troupe_call* call) {
  char* volatile small = malloc(8);
  volatile int beyond = 8;
  (void)service;
  small[beyond] = 1;
  free(small);
  answer(call, "not noticed");
}

#define TOOL(fn, does)                         \
  {.struct_size = TROUPE_SIZE(troupe_service), \
   .effect = does,                             \
   .kind = "tool",                             \
   .name = #fn,                                \
   .description = #fn,                         \
   .handle = fn}

static const troupe_service* const* services(uint32_t* count) {
  static const troupe_service tools[] = {TOOL(tidy, TROUPE_PURE), TOOL(leak, TROUPE_AT_MOST_ONCE),
                                         TOOL(overflow, TROUPE_AT_MOST_ONCE)};
  static const troupe_service* const all[] = {&tools[0], &tools[1], &tools[2]};
  *count = 3;
  return all;
}

static troupe_status init(const troupe_host* host, troupe_span config, char* why, size_t why_size) {
  (void)config, (void)why, (void)why_size;
  calls = (const troupe_calls*)host->capability(host, TROUPE_CALLS);
  return calls ? TROUPE_OK : TROUPE_UNAVAILABLE;
}

extern TROUPE_EXPORT const troupe_plugin troupe_plugin_entry;
const troupe_plugin troupe_plugin_entry = {.struct_size = TROUPE_SIZE(troupe_plugin),
                                           .abi = TROUPE_ABI,
                                           .name = "careless",
                                           .version = "1",
                                           .init = init,
                                           .services = services};
