#include "agents/react/parser/json_reader.h"
#include "agents/react/parser/reply_reader.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;

namespace {

// Bytes looked at per byte of the reply. The worst inputs that were found cost eight or nine: text that looks
// like an object, then like a label, and is none.
constexpr std::size_t kWorkPerByte = 16;
constexpr std::size_t kAnyReply = 256;  // what even the shortest may cost

constexpr Dialect kDialects[] = {Dialect::json_steps,     Dialect::text_labels, Dialect::native_tools,
                                 Dialect::conversational, Dialect::brackets,    Dialect::self_ask};

// Where a reply can stand when something is repeated in it without end.
constexpr const char* kBeginnings[] = {"",
                                       "{",
                                       "[",
                                       "{\"a\": \"",
                                       "{\"action\": \"x\", \"action_input\": \"",
                                       "{\"thought\": \"",
                                       "{a: b ",
                                       "{'a': '",
                                       "{\"a\": \"\"\"",
                                       "Thought: ",
                                       "<think>",
                                       "Action: ",
                                       "Action: x\nAction Input: ",
                                       "Action: x\nAction Input: {\"a\": \"",
                                       "Action: x(",
                                       "Search[",
                                       "Final Answer: ",
                                       "hello "};
constexpr const char* kRepeated[] = {"{",
                                     "[",
                                     "(",
                                     "}",
                                     "]",
                                     "\"",
                                     "'",
                                     "\\",
                                     "\\\"",
                                     "`",
                                     "```",
                                     "```json\n",
                                     "\n",
                                     " ",
                                     ":",
                                     ",",
                                     "<",
                                     "<think>",
                                     "#",
                                     "/*",
                                     "a",
                                     "a ",
                                     "a:",
                                     "a: ",
                                     "\xE2\x80\x9C",
                                     "\xE2",
                                     "\\ud83d",
                                     "{\"a\":",
                                     "{\"a\":[",
                                     "[{\"",
                                     "\"a\",",
                                     "\"a\" ",
                                     "\"\n\"",
                                     "\"\n'",
                                     "' \"",
                                     "\"a,\n",
                                     "+\"",
                                     "{}{",
                                     "{\"thought\":1}",
                                     "{\"action\":\"None\"},",
                                     "{\"thought\":1},\"",
                                     "{\\\"",
                                     "Action:",
                                     "\nAction: ",
                                     "\nAction: None\n",
                                     "\nAction: a b\n",
                                     "\nAction Input: ",
                                     "\nObservation",
                                     "\nThought: ",
                                     "\nFinal Answer: ",
                                     "\nQuestion: x",
                                     "\nFollow up:",
                                     "I Action: ",
                                     "Search[a] ",
                                     "**Action:**\n"};

std::string reply(const char* beginning, const char* repeated, std::size_t bytes) {
  std::string text = beginning;
  while (text.size() < bytes) text += repeated;
  return text;
}

std::size_t work(const std::string& text, Dialect dialect, std::size_t piece) {
  ReplyReader reader({.dialect = dialect});
  std::vector<StepDelta> deltas;
  for (std::size_t at = 0; at < text.size(); at += piece)
    if (!reader.feed(std::string_view(text).substr(at, piece), deltas)) break;
  reader.finish(deltas);
  return reader.work();
}

void check_all(std::size_t bytes, std::size_t piece) {
  for (const char* beginning : kBeginnings) {
    for (const char* repeated : kRepeated) {
      std::string text = reply(beginning, repeated, bytes);
      for (Dialect dialect : kDialects) {
        std::size_t cost = work(text, dialect, piece);
        if (cost > kWorkPerByte * text.size() + kAnyReply)
          FAIL_CHECK("`" << beginning << "` and then `" << repeated << "` to " << text.size()
                         << " bytes in pieces of " << piece << " cost " << cost);
      }
    }
  }
}

}  // namespace

TEST_CASE("no reply costs more than its length, whatever is repeated in it") {
  check_all(300, 300);
  check_all(1200, 1200);
}

TEST_CASE("a reply that arrives in small pieces costs no more") {
  check_all(150, 3);
  check_all(600, 3);
}

TEST_CASE("a reply that ends in the middle of anything is read to its end") {
  const std::string fragments[] = {"Thought: x\n",
                                   "Action:\n",
                                   "Action: ",
                                   "Action: x\n",
                                   "Action Input: ",
                                   "[",
                                   "{",
                                   " ",
                                   "\n",
                                   "```json",
                                   "<tool>",
                                   "</tool>",
                                   "<",
                                   "x(",
                                   "Search[",
                                   "\"a\": ",
                                   "},",
                                   "Finish[",
                                   "**Action:**",
                                   "Final Answer: ",
                                   "<think>",
                                   "Follow up:",
                                   "{\"action\":",
                                   "]",
                                   "`"};

  for (const std::string& first : fragments)
    for (const std::string& second : fragments)
      for (const std::string& third : fragments) {
        const std::string text = first + second + third;
        for (Dialect dialect : kDialects)
          if (std::size_t cost = work(text, dialect, text.size());
              cost > kWorkPerByte * text.size() + kAnyReply)
            FAIL_CHECK("`" << text << "` cost " << cost);
      }
}

TEST_CASE("a reply of megabytes is read to its end") {
  std::string text = reply("{\"final_answer\": \"", "word ", 4u << 20) + "\"}";
  ReplyReader reader({.dialect = Dialect::json_steps});
  std::vector<StepDelta> deltas;
  CHECK_FALSE(reader.feed(text, deltas));
  CHECK(std::holds_alternative<FinalStep>(reader.finish(deltas).outcome));
  CHECK(reader.work() <= kWorkPerByte * text.size());
}

TEST_CASE("a reply beyond the limit is malformed and says so") {
  ReplyReader reader({.dialect = Dialect::json_steps});
  std::vector<StepDelta> deltas;
  std::string piece(1u << 20, 'a');
  bool wants = true;
  for (int i = 0; i < 9 && wants; ++i) wants = reader.feed(piece, deltas);

  CHECK_FALSE(wants);
  ParsedStep step = reader.finish(deltas);
  auto* malformed = std::get_if<Malformed>(&step.outcome);
  REQUIRE(malformed);
  CHECK(malformed->reason == "the reply is longer than 8388608 bytes");
}
