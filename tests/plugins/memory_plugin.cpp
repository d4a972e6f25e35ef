// Memories for the tests: one that answers what its options say, or does the wrong thing that they name, and
// one that never answers.
#include "troupe_plugin.hpp"

#include <csignal>
#include <unistd.h>

TROUPE_MEMORY(scripted, "Answers what its options say", R"({"type": "object", "additionalProperties": false,
              "properties": {"recall": {"type": "string"}, "settle": {"type": "string"}}})") {
  const std::string does = past.option(past.settles() ? "settle" : "recall", "{}");
  if (does == "tell") throw troupe::Failure("it was asked " + std::string(past.call().input()));
  if (does == "crash") ::raise(SIGSEGV);
  if (does == "leave") ::_exit(0);
  if (does == "throw") throw troupe::Failure(TROUPE_UNAVAILABLE, "no dictionary");
  if (does == "flood") return {std::string(9u << 20, 'x')};
  if (does == "hang")
    for (;;) ::pause();
  if (does == "note input") return troupe::note(past.call().input(), 0);
  if (does == "note much") return troupe::note(std::string((64u << 10) + 1, 'x'), 0);
  return {does};
}

static void never(const troupe_service*, troupe_call*) {
  for (;;) ::pause();
}
static const troupe_service slow_service = [] {
  troupe_service service =
      troupe::detail::service("memory", "slow", "Never answers", nullptr, nullptr, nullptr, never);
  service.timeout_ms = 100;
  return service;
}();
static const troupe::detail::Registered slow_registered(&slow_service);

TROUPE_PLUGIN("memories", "1.0", "Remembers")
