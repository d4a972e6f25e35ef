#include "tests/e2e/daemon.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/run_loop.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;
using fakes::frame_of;
using fakes::PeerReply;
using fakes::run;
using namespace std::chrono_literals;

namespace {

const std::string kReply = R"({"thought":"six times seven","final_answer":"It is 42, as everybody knows."})";

// The reply as a stream: `pieces` of it with 4 bytes each; all when 0, and then its end.
PeerReply stream(std::size_t pieces = 0) {
  PeerReply reply = PeerReply::sse({});
  for (std::size_t at = 0; at < kReply.size() && (pieces == 0 || at < pieces * 4); at += 4) {
    const Json chunk = {
        {"model", "m"},
        {"choices", {{{"index", 0}, {"delta", {{"content", kReply.substr(at, 4)}}}}}},
    };
    reply.write("data: " + dump(chunk) + "\n\n");
  }
  if (pieces == 0) reply.write("data: [DONE]\n\n");
  return reply;
}

struct Fault {
  const char* what;
  PeerReply reply;
};

}  // namespace

TEST_CASE("a provider's stream that breaks in the middle is asked for again, and a client draws one answer") {
  for (Fault& fault : std::vector<Fault>{{"the connection is closed in the thought", stream(6).cut()},
                                         {"it is reset in the answer", stream(15).pause(20ms).reset()},
                                         {"no byte comes any more", stream(15).stall()}}) {
    CAPTURE(std::string(fault.what));
    fakes::HttpPeer model(fakes::in_order({std::move(fault.reply), stream()}));
    Daemon daemon(fmt::format(R"(
models: {{ m: {{ provider: openai, model: m, base_url: "{}", timeout: 300ms }} }}
agents: {{ a: {{ model: m }} }}
)",
                              model.url("/v1")));
    daemon.start();
    SystemClock clock;
    Loop loop(clock);
    ChatClient client(loop);
    run(loop, client.connect(daemon.url()));
    run(loop, client.open());

    auto frames = run(loop, client.ask("m1", "What is 6*7?"));

    std::string thought, answer;  // what a client that draws deltas has on its screen
    int resets = 0;
    for (const Json& frame : frames) {
      const std::string type = string_or(frame, "type");
      if (type == "thought.delta") thought += frame["text"].get<std::string>();
      if (type == "answer.delta") answer += frame["text"].get<std::string>();
      if (type != "stream.reset") continue;
      ++resets;
      CHECK(thought != "");
      thought.clear();
      answer.clear();
    }
    CHECK(resets == 1);
    CHECK(thought == "six times seven");
    CHECK(answer == "It is 42, as everybody knows.");
    CHECK(frame_of(frames, "warning")["code"] == "reply_broken");
    CHECK(frame_of(frames, "answer")["text"] == answer);
    CHECK(frames.back()["status"] == "done");
    auto requests = model.requests();
    REQUIRE(requests.size() == 2);
    CHECK(requests[0].body == requests[1].body);
    CHECK(daemon.stop().exit_code == 0);
  }
}
