// A plugin with models and embedders that do what the conversation, or the text, says: for the tests of what
// the daemon makes of it.
#include "troupe_plugin.hpp"

#include <chrono>
#include <csignal>
#include <limits>
#include <thread>

namespace {

// The same in a later version, for what becomes of one that is replaced.
#ifdef TROUPE_SECOND_MODELS
constexpr const char* kSaid = "Heard: ";
#else
constexpr const char* kSaid = "You said: ";
#endif

/// "word rest of it" in two.
std::pair<std::string, std::string> split(const std::string& text) {
  const std::size_t blank = std::min(text.find(' '), text.size());
  return {text.substr(0, blank), blank < text.size() ? text.substr(blank + 1) : ""};
}

/// "6 too much at once"
[[noreturn]] void fail(const std::string& how) {
  const auto [status, words] = split(how);
  throw troupe::Failure(std::stoi(status), words);
}

const troupe_calls& calls() {
  return *troupe::detail::plugged().calls;
}

/// Answers with the last message as it stands, whatever it is.
void answer_raw(const troupe_service*, troupe_call* call) {
  const std::string text = troupe::ModelCall(call).messages().back().text;
  calls().finish(call, TROUPE_OK, troupe::detail::span(text), {});
}

/// Answers with the first text as it stands, and so many bytes as the second says: "12 zero", "8 nan", "8
/// inf".
void embed_raw(const troupe_service*, troupe_call* call) {
  const auto texts = troupe::EmbedderCall(call).texts();
  const auto [size, what] = split(texts.at(1));
  std::string body(static_cast<std::size_t>(std::stoul(size)), '\0');
  const float odd = what == "nan"   ? std::numeric_limits<float>::quiet_NaN()
                    : what == "inf" ? -std::numeric_limits<float>::infinity()
                                    : 0;
  if (what != "zero") std::memcpy(body.data() + body.size() - sizeof odd, &odd, sizeof odd);
  calls().finish(call, TROUPE_OK, troupe::detail::span(texts.at(0)), troupe::detail::span(body));
}

/// Sends pieces without end, whatever becomes of them.
void flood(const troupe_service*, troupe_call* call) {
  const std::string piece(1u << 20, 'x');
  while (troupe::ModelCall(call).messages().back().text == "torrent")
    calls().part(call, troupe::detail::span(piece));
  calls().finish(call, TROUPE_OK, troupe::detail::span("{}"), {});
}

const troupe_service raw_model = troupe::detail::service("model", "raw", "What it is told, as its answer",
                                                         nullptr, nullptr, nullptr, answer_raw);
const troupe_service raw_embedder = troupe::detail::service(
    "embedder", "raw", "What it is told, as its answer", "1", nullptr, nullptr, embed_raw);
const troupe_service flood_model =
    troupe::detail::service("model", "flood", "Pieces without end", nullptr, nullptr, nullptr, flood);
const troupe::detail::Registered registered_model(&raw_model);
const troupe::detail::Registered registered_flood(&flood_model);
const troupe::detail::Registered registered_embedder(&raw_embedder);

}  // namespace

TROUPE_TOOL(twice, "A number, doubled", R"({"type": "object", "required": ["number"],
            "properties": {"number": {"type": "number"}}})",
            troupe::pure) {
  return std::to_string(static_cast<long>(2 * call.number("number")));
}

TROUPE_MODEL(scripted, "Does what the last message says", "tools images schema") {
  const auto messages = call.messages();
  const troupe::Message& last = messages.back();
  if (last.role == "tool") return "The tool said: " + last.text;
  const auto [word, rest] = split(last.text);
  if (word == "fail") fail(rest);
  if (word == "input") return std::string(call.input());
  if (word == "say") {
    for (std::string left = rest; !left.empty();) {
      const std::size_t end = std::min(left.find(' '), left.size() - 1) + 1;
      call.part(left.substr(0, end));
      left.erase(0, end);
    }
    troupe::Reply reply;
    reply.input_tokens = 11;
    reply.output_tokens = 7;
    return reply;
  }
  if (word == "bytes") {  // cut within its characters, and something that is none
    for (const char c : rest) call.part(std::string(1, c));
    call.part("\xff!");
    return {};
  }
  if (word == "think") {
    troupe::Reply reply(rest);
    reply.reasoning = "let me see";
    reply.state = R"({"signature": "abc"})";
    return reply;
  }
  if (word == "use") {  // use TOOL ARGUMENTS
    const auto [tool, arguments] = split(rest);
    troupe::Reply reply;
    reply.tool_calls.push_back({tool, arguments});
    return reply;
  }
  if (word == "endless") {
    call.part("It goes on");
    for (;;) {
      call.part(" and on");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  if (word == "large") return std::string(static_cast<std::size_t>(std::stoul(rest)), 'x');
  if (word == "silent")
    for (;;) {
      call.check();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  if (word == "slow") {  // but says how far it is
    for (int i = 0; i < 60; ++i) {
      call.progress("loading", i / 60.0);
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
    }
    return "loaded";
  }
  if (word == "deaf")
    for (;;) std::this_thread::sleep_for(std::chrono::seconds(1));
  if (word == "crash") {
    call.part("it is about to");
    std::raise(SIGSEGV);
  }
  if (word == "die") std::raise(SIGSEGV);
  return kSaid + last.text;
}

TROUPE_EMBEDDER(letters, "How many vowels, other letters and signs a text has", "3") {
  troupe::Vectors vectors(4);
  std::int64_t read = 0;
  for (const std::string& text : call.texts()) {
    if (text.starts_with("fail ")) fail(text.substr(5));
    float* row = vectors.add();
    for (const char c : text) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      ++row[std::string_view("aeiouAEIOU").find(c) != std::string_view::npos ? 0 : letter ? 1 : 2];
    }
    row[3] = call.query() ? 1 : 0;
    read += static_cast<std::int64_t>(text.size());
  }
  vectors.count(read);
  return vectors;
}

TROUPE_PLUGIN("models", "1.0", "Models and embedders for tests")
