#include "tests/e2e/daemon.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/doc_page.h"
#include "tests/fakes/run_loop.h"

#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;
using fakes::run;

namespace {

constexpr const char* kHello = R"(
models: { local: { provider: builtin } }
tools: { calculator: { type: calculator } }
agents: { hello: { model: local, tools: [calculator] } }
)";

/// Frames as the page shows them: what differs from run to run is made alike, and ts, session and run are
/// left out once they have been seen.
class Transcript {
 public:
  void sent(const std::string& frame) { lines_ += fmt::format("> {}\n", frame); }

  void received(Json frame) {
    const std::string type = string_or(frame, "type");
    // How much of a text a delta holds is a matter of timing.
    if (type.ends_with(".delta") && !deltas_.insert(type).second) return;
    if (type.ends_with(".delta")) frame["text"] = "…";
    if (find(frame, "ms")) frame["ms"] = 1;
    shorten(frame, "session", "s_7h2k");
    shorten(frame, "run", "r_91qd");
    shorten(frame, "ts", "2026-11-20T09:30:00.012Z");
    lines_ += fmt::format("< {}\n", dump(frame));
  }

  std::string text() const { return "```\n" + lines_ + "```\n"; }

 private:
  void shorten(Json& frame, const char* key, const char* stand_in) {
    if (!find(frame, key)) return;
    const std::string type = string_or(frame, "type");
    bool shown = seen_.contains(key) && type != "run.started";
    seen_.insert(key);
    if (shown)
      frame.erase(key);
    else
      frame[key] = stand_in;
  }

  std::string lines_;
  std::set<std::string> deltas_;
  std::set<std::string> seen_;
};

}  // namespace

TEST_CASE("docs/protocol.md shows a turn as the daemon sends it") {
  Daemon daemon(kHello);
  daemon.start();
  SystemClock clock;
  Loop loop(clock);
  ChatClient client(loop);
  run(loop, client.connect(daemon.url()));
  Transcript page;
  auto exchange = [&](const std::string& frame, const std::string& last) {
    page.sent(frame);
    run(loop, client.send(frame));
    for (Json& answer : run(loop, client.until(last))) page.received(std::move(answer));
  };

  exchange(R"({"type":"open","target":"hello"})", "session.opened");
  exchange(R"({"type":"message","id":"m1","text":"What is 17.5% of 2480, plus 12^3?"})", "run.finished");
  exchange(R"({"type":"message","text":"and again"})", "error");
  exchange(R"({"type":"ping"})", "pong");

  const fakes::DocSection section("protocol.md", "turn: captured from a running daemon", "end of turn");
  CHECK_MESSAGE(section.put(page.text()), section.advice());
}
