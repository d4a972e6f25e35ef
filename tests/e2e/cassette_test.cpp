#include "runtime/base/json.h"
#include "tests/e2e/daemon.h"
#include "tests/fakes/http_peer.h"

#include <algorithm>
#include <filesystem>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::PeerReply;

namespace {

PeerReply replies_with(const std::string& text) {
  std::vector<std::string> events;
  for (std::size_t at = 0; at < text.size(); at += 5)
    events.push_back(
        dump({{"model", "m"}, {"choices", {{{"index", 0}, {"delta", {{"content", text.substr(at, 5)}}}}}}}));
  events.push_back("[DONE]");
  return PeerReply::sse(events);
}

// The events of a run, without what differs from one to the next.
std::vector<std::string> told(const std::string& json_lines) {
  std::vector<std::string> events;
  for (std::size_t at = 0; at < json_lines.size();) {
    const std::size_t end = std::min(json_lines.find('\n', at), json_lines.size());
    auto event = parse_json(json_lines.substr(at, end - at));
    at = end + 1;
    if (!event) continue;
    for (const char* key : {"ts", "session", "run", "ms", "seq", "call"}) event->erase(key);
    if (string_or(*event, "code") == "model_retry") event->erase("text");  // says how long it waits
    events.push_back(dump(*event));
  }
  return events;
}

}  // namespace

TEST_CASE("a run that was taped is played offline and without a key, to the same events") {
  fakes::HttpPeer peer(fakes::in_order({
      PeerReply::json(R"({"error":{"message":"one moment"}})", 429).header("retry-after-ms", "20"),
      replies_with(R"({"thought":"exactly","action":"calc","action_input":{"expression":"17.5% of 2480"}})"),
      replies_with(R"({"thought":"done","final_answer":"It is 434."})"),
  }));
  const auto configuration = [&](const std::string& key, const std::string& mode) {
    return fmt::format(R"(
models:
  main: {{ provider: openai, model: m, base_url: "{}"{} }}
  tape: {{ provider: cassette, model: main, file: tape.jsonl, mode: {} }}
tools: {{ calc: {{ type: calculator }} }}
agents: {{ a: {{ model: tape, tools: [calc] }} }}
)",
                       peer.url("/v1"), key, mode);
  };
  Daemon stage(configuration(", api_key: sk-canary-of-the-tape", "auto"));
  const std::vector<std::string> ask{"ask", "-c", stage.config(), "--json", "What is 17.5% of 2480?"};
  const auto live = stage.run(ask);
  CHECK_MESSAGE(live.exit_code == 0, live.err);
  CHECK(live.out.find("It is 434.") != std::string::npos);
  CHECK(peer.requests().size() == 3);

  peer.down();
  stage.rewrite(configuration("", "replay"));
  const auto played = stage.run(ask);

  CHECK_MESSAGE(played.exit_code == 0, played.err);
  CHECK(peer.requests().size() == 3);
  CHECK(told(played.out) == told(live.out));
  CHECK(told(live.out).size() > 5);

  const auto other = stage.run({"ask", "-c", stage.config(), "What is 17.5% of 2481?"});
  CHECK(other.exit_code == 1);
  CHECK(other.err.find("differs first in body.messages") != std::string::npos);
  std::ifstream in(std::filesystem::path(stage.config()).parent_path() / "tape.jsonl");
  const std::string tape{std::istreambuf_iterator<char>(in), {}};
  CHECK(tape.find("canary") == std::string::npos);
  CHECK(std::count(tape.begin(), tape.end(), '\n') == 3);
}
