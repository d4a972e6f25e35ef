// Guardrails and loaders for the tests: one that does it right, and one for each way of doing it wrong.
#include "troupe_plugin.hpp"

#include <csignal>
#include <unistd.h>

TROUPE_GUARDRAIL(polite, "Refuses texts with a word", R"({"type": "object", "additionalProperties": false,
                 "properties": {"word": {"type": "string"}}})") {
  const std::string word = judged.setting("word", "fool");
  if ((judged.text() + judged.beside()).find(word) != std::string::npos)
    return troupe::refuse(std::string("the ") + (judged.is_answer() ? "answer to " : "message ") +
                          judged.question() + " has \"" + word + "\"");
  return troupe::pass();
}
TROUPE_GUARDRAIL(crash, "Crashes", nullptr) {
  ::raise(SIGSEGV);
  return troupe::pass();
}
TROUPE_GUARDRAIL(hang, "Hangs", nullptr) {
  for (;;) ::pause();
}
TROUPE_GUARDRAIL(leave, "Ends its process", nullptr) {
  ::_exit(0);
}
TROUPE_GUARDRAIL(fail, "Throws", nullptr) {
  throw troupe::Failure(TROUPE_UNAVAILABLE, "no dictionary");
}

static void finish(troupe_call* call, std::string_view text) {
  troupe::detail::plugged().calls->finish(call, TROUPE_OK, troupe::detail::span(text), {});
}
/// A guardrail or a loader that answers with its description, whatever is asked.
static void say(const troupe_service* service, troupe_call* call) {
  finish(call, service->description);
}
static void flood(const troupe_service*, troupe_call* call) {
  finish(call, std::string(9u << 20, 'x'));
}
#define SAYS(kind, name, answer)                                               \
  static const troupe_service service_##name =                                 \
      troupe::detail::service(kind, #name, answer, nullptr, nullptr, "", say); \
  static const troupe::detail::Registered registered_##name(&service_##name);
SAYS("guardrail", nonsense, "sure, why not")
SAYS("guardrail", word, R"({"pass": "true"})")
SAYS("guardrail", both, R"({"pass": false, "pass": true})")
SAYS("guardrail", list, R"([{"pass": true}])")
SAYS("guardrail", nothing, "")
SAYS("loader", rave, "no document")
SAYS("loader", lie, R"({"text": "x", "parts": [{"heading": {}, "page": "one", "text": 5}], "metadata": []})")
static const troupe_service service_flooding =
    troupe::detail::service("guardrail", "flooding", "Answers without end", nullptr, nullptr, nullptr, flood);
static const troupe::detail::Registered registered_flooding(&service_flooding);

TROUPE_LOADER(odd, "Reads lines of odd files", ".odd magic:0:4f4444") {
  const std::string_view file = call.body();
  if (file.starts_with("crash")) ::raise(SIGSEGV);
  if (file.starts_with("hang"))
    for (;;) ::pause();
  if (file.starts_with("fail")) throw troupe::Failure(TROUPE_INVALID, "it has no lines");
  troupe::Document document;
  document.title("Odd: " + call.text("source").substr(call.text("source").rfind('/') + 1));
  document.metadata("bytes", static_cast<double>(file.size()));
  document.metadata("kind", "odd \"one\"\n");
  document.page(4);
  document.heading("Top", 2);
  document.text(file);
  document.record();
  document.text("the end");
  document.remark("It was odd.");
  return document;
}

TROUPE_PLUGIN("judging", "1.0", "Judges and reads")
