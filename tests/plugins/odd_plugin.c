/* A plugin of which anything may be said otherwise when it is compiled (-DODD_HANDLE=0), and with ODD_LATER
   one made with a header to come. Which there are is in CMakeLists.txt, what becomes of each in abi_test.cpp.
 */
#include "troupe_plugin.h"

#include <string.h>

#define ODD_NO_JSON "{\"type\": "
#define ODD_A_LIST "[1]"
#define ODD_TWO &one, &one
#define ODD_AND_NULL &one, 0

#ifndef ODD_SERVICE_SIZE
#define ODD_SERVICE_SIZE TROUPE_SIZE(troupe_service)
#endif
#ifndef ODD_KIND
#define ODD_KIND "tool"
#endif
#ifndef ODD_SERVICE_NAME
#define ODD_SERVICE_NAME "works"
#endif
#ifndef ODD_DESCRIPTION
#define ODD_DESCRIPTION "says that it works"
#endif
#ifndef ODD_EFFECT
#define ODD_EFFECT TROUPE_PURE
#endif
#ifndef ODD_SCHEMA
#define ODD_SCHEMA 0
#endif
#ifndef ODD_TIMEOUT
#define ODD_TIMEOUT 0
#endif
#ifndef ODD_HANDLE
#define ODD_HANDLE answer
#endif
#ifndef ODD_LIST
#define ODD_LIST &one
#endif
#ifndef ODD_PLUGIN_SIZE
#define ODD_PLUGIN_SIZE TROUPE_SIZE(troupe_plugin)
#endif
#ifndef ODD_ABI
#define ODD_ABI TROUPE_ABI
#endif
#ifndef ODD_NAME
#define ODD_NAME "odd"
#endif
#ifndef ODD_VERSION
#define ODD_VERSION "1"
#endif
#ifndef ODD_CONFIG_SCHEMA
#define ODD_CONFIG_SCHEMA 0
#endif
#ifndef ODD_PERMISSIONS
#define ODD_PERMISSIONS 0
#endif
#ifndef ODD_CONCURRENT
#define ODD_CONCURRENT 1
#endif
#ifndef ODD_INIT
#define ODD_INIT init
#endif
#ifndef ODD_SERVICES
#define ODD_SERVICES services
#endif
#ifndef ODD_ENTRY
#define ODD_ENTRY troupe_plugin_entry
#endif

static const troupe_calls* calls;
static const troupe_span none;

static troupe_span text(const char* s) {
  troupe_span span = {s, strlen(s)};
  return span;
}

/* Also gives null pointers where the host is to notice them: no call at all, spans without bytes. */
void answer(const troupe_service* service, troupe_call* call);
void answer(const troupe_service* service, troupe_call* call) {
  (void)service;
  if (calls->finish(0, TROUPE_OK, none, none) != TROUPE_INVALID ||
      calls->progress(0, none, 0) != TROUPE_INVALID || calls->part(0, none) != TROUPE_INVALID ||
      calls->progress(call, none, 2) != TROUPE_OK)
    calls->finish(call, TROUPE_FAILED, text("null pointers are not noticed"), none);
  else
    calls->finish(call, TROUPE_OK, text("works"), none);
}

/* What is asked of an earlier host than one's own, and what nobody asks. */
troupe_status init(const troupe_host* host, troupe_span config, char* why, size_t why_size);
troupe_status init(const troupe_host* host, troupe_span config, char* why, size_t why_size) {
  (void)config, (void)why, (void)why_size;
  calls = (const troupe_calls*)host->capability(host, TROUPE_CALLS);
  return host->capability(host, "troupe.dreams/9") || host->capability(host, 0) ? TROUPE_FAILED : TROUPE_OK;
}

/* Structs with what later headers may add. */
typedef struct later_service {
  troupe_service known;
  const char* more;
  uint64_t numbers[8];
} later_service;
typedef struct later_plugin {
  troupe_plugin known;
  void (*more)(void);
  const char* words[8];
} later_plugin;

#ifdef ODD_LATER
static const later_service grown = {
    {TROUPE_SIZE(later_service), TROUPE_PURE, "tool", "works", "says that it works", 0, 0,
     "dreams status-of-tomorrow", 0, 0, answer, 0},
    "unknown",
    {1, 2, 3}};
static const later_service unknown = {
    {TROUPE_SIZE(later_service), TROUPE_PURE, "oracle", "delphi", 0, 0, 0, 0, 0, 0, answer, 0},
    "unknown",
    {1}};
#undef ODD_LIST
#define ODD_LIST &grown.known, &unknown.known
#elif defined(ODD_STUB)
/* It says that it has two members, and has no more. */
static const struct {
  uint32_t struct_size, effect;
} stub = {8, TROUPE_PURE};
#undef ODD_LIST
#define ODD_LIST (const troupe_service*)&stub
#else
static const troupe_service one = {ODD_SERVICE_SIZE, ODD_EFFECT, ODD_KIND,   ODD_SERVICE_NAME,
                                   ODD_DESCRIPTION,  0,          ODD_SCHEMA, 0,
                                   ODD_TIMEOUT,      0,          ODD_HANDLE, 0};
#endif

const troupe_service* const* services(uint32_t* count);
const troupe_service* const* services(uint32_t* count) {
  static const troupe_service* const all[] = {ODD_LIST};
  *count = sizeof all / sizeof all[0];
#ifdef ODD_COUNT
  *count = ODD_COUNT;
#endif
#ifdef ODD_NULL_LIST
  return 0;
#else
  return all;
#endif
}

#define KNOWN(size)                                                                               \
  {size, ODD_ABI,  ODD_NAME, ODD_VERSION,  0, ODD_CONFIG_SCHEMA, ODD_PERMISSIONS, ODD_CONCURRENT, \
   0,    ODD_INIT, 0,        ODD_SERVICES, 0}
#ifdef ODD_LATER
extern TROUPE_EXPORT const later_plugin ODD_ENTRY;
const later_plugin ODD_ENTRY = {KNOWN(TROUPE_SIZE(later_plugin)), 0, {"unknown"}};
#else
extern TROUPE_EXPORT const troupe_plugin ODD_ENTRY;
const troupe_plugin ODD_ENTRY = KNOWN(ODD_PLUGIN_SIZE);
#endif
