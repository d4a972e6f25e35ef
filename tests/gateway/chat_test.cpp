#include "tests/fakes/chat_client.h"
#include "tests/fakes/descriptors.h"
#include "tests/fakes/raw_socket.h"
#include "tests/gateway/daemon.h"

#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::fakes;
using namespace troupe::gateway;
using namespace std::chrono_literals;

namespace {

std::vector<std::int64_t> range(std::int64_t from, std::int64_t to) {
  std::vector<std::int64_t> all;
  for (; from <= to; ++from) all.push_back(from);
  return all;
}

std::string message(const std::string& id, const std::string& more = "") {
  return fmt::format(R"({{"type":"message","id":"{}","text":"What is 17.5% of 2480?"{}}})", id, more);
}

std::string types(const std::vector<Json>& frames) {
  std::string all;
  for (const Json& frame : frames) all += (all.empty() ? "" : " ") + string_or(frame, "type");
  return all;
}

std::string in(const std::string& session, std::int64_t after = -1) {
  return fmt::format(R"(,"session":"{}"{})", session, after < 0 ? "" : fmt::format(R"(,"after":{})", after));
}

}  // namespace

TEST_CASE("a turn over the wire") {
  Daemon daemon;
  daemon.run([&]() -> Task<> {
    ChatClient client(daemon.loop);
    co_await client.connect(daemon.port());
    CHECK(client.socket().subprotocol() == "troupe.v1");
    const Json opened = co_await client.open(R"(,"target":"hello")");
    CHECK(opened["target"] == "hello");
    CHECK(opened["last_seq"] == 0);

    co_await client.send(message("m1", R"(,"inputs":{"topic":"tax"})"));
    const Json ack = co_await client.next();
    CHECK(ack["type"] == "ack");
    CHECK(ack["id"] == "m1");
    const std::string run = ack["run"];
    CHECK((co_await client.next())["type"] == "run.started");
    REQUIRE(daemon.desk.submissions.size() == 1);
    CHECK(daemon.desk.submissions[0].session == string_or(opened, "session"));
    CHECK(daemon.desk.submissions[0].inputs["topic"] == "tax");
    CHECK(daemon.desk.submissions[0].principal.name == "local");

    daemon.desk.delta(run, "thought.delta", "Arith");
    co_await daemon.desk.say(run, "thought", "Arithmetic.");
    co_await daemon.desk.finish(run);
    auto frames = co_await client.until("run.finished");
    CHECK(types(frames) == "thought.delta thought run.finished");
    CHECK(client.seqs() == range(1, 3));

    co_await client.send(R"({"type":"cancel","run":")" + run + R"(","id":"c1","mode":"after_step"})");
    CHECK((co_await client.next())["id"] == "c1");
    REQUIRE(daemon.desk.cancels.size() == 1);
    CHECK(daemon.desk.cancels[0].second == agents::CancelMode::after_step);
    co_await client.close();
  });
  CHECK(daemon.desk.journal().subscribers() == 0);
}

TEST_CASE("two clients of one session see the same events byte for byte, also when one sent the message") {
  Daemon daemon;
  daemon.run([&]() -> Task<> {
    ChatClient alice(daemon.loop);
    ChatClient bob(daemon.loop);
    co_await alice.connect(daemon.port());
    co_await bob.connect(daemon.port());
    const std::string session = (co_await alice.open())["session"];
    CHECK((co_await bob.open(in(session)))["resumed"] == true);

    co_await alice.send(message("m1"));
    const std::string run = (co_await alice.until("run.started")).front()["run"];
    for (int i = 0; i < 200; ++i) {
      daemon.desk.delta(run, "thought.delta", "x", i);
      co_await daemon.desk.say(run, "thought", fmt::format("thought {}", i), i);
    }
    co_await daemon.desk.finish(run);
    co_await alice.until("run.finished");
    auto seen = co_await bob.until("run.finished");
    CHECK(types(seen).find("ack") == std::string::npos);
    CHECK(alice.seqs() == range(1, 202));
    CHECK(alice.texts() == bob.texts());
    co_await alice.close();
    co_await bob.close();
  });
}

TEST_CASE("the ack comes before the run's first event, however long the submission takes to return") {
  Daemon daemon;
  std::string run;
  daemon.desk.after_commit = [&]() -> Task<> {
    // The run is well under way before submit returns.
    run = "r_2";
    for (int i = 1; i <= 50; ++i) co_await daemon.desk.say(run, "thought", "t", i);
  };
  daemon.run([&]() -> Task<> {
    ChatClient client(daemon.loop);
    co_await client.connect(daemon.port());
    co_await client.open();
    co_await client.send(message("m1"));
    const Json first = co_await client.next();
    CHECK(first["type"] == "ack");
    CHECK(first["run"] == run);
    co_await daemon.desk.finish(run);
    co_await client.until("run.finished");
    CHECK(client.seqs() == range(1, 52));
    co_await client.close();
  });
}

TEST_CASE(
    "clients that come and go with after, while events keep coming, miss nothing and see nothing twice") {
  Daemon daemon;
  daemon.run([&]() -> Task<> {
    const std::string session = co_await daemon.desk.make_session();
    agents::Submission submission;
    submission.session = session;
    const std::string run = (co_await daemon.desk.submit(std::move(submission)))->run;
    Nursery nursery(daemon.loop);
    bool talking = true;
    nursery.spawn("run", [&]() -> Task<> {
      Stop never;
      for (int i = 1; i <= 600; ++i) {
        daemon.desk.delta(run, "thought.delta", "delta", i);
        co_await daemon.desk.say(run, "thought", fmt::format("thought {}", i), i);
        if (i % 50 == 0) co_await daemon.loop.sleep_for(2ms, never);
      }
      co_await daemon.desk.finish(run);
      talking = false;
    });
    for (unsigned seed = 1; seed <= 4; ++seed) {
      nursery.spawn("client", [&, seed]() -> Task<> {
        std::mt19937 random(seed);
        std::vector<std::int64_t> seen;
        int connections = 0;
        while (seen.empty() || seen.back() < 602) {
          ChatClient client(daemon.loop);
          co_await client.connect(daemon.port());
          co_await client.open(in(session, seen.empty() ? 0 : seen.back()));
          ++connections;
          const std::size_t enough = 1 + random() % 200;
          while (client.seqs().size() < enough && (client.seqs().empty() || client.seqs().back() < 602))
            co_await client.next();
          seen.insert(seen.end(), client.seqs().begin(), client.seqs().end());
          client.drop();  // without a word
        }
        CHECK(seen == range(1, 602));
        CHECK(connections > 3);
      });
    }
    co_await nursery.join();
    CHECK_FALSE(talking);
    CHECK(co_await eventually(daemon.loop, [&] { return daemon.gateway.connections() == 0; }));
    CHECK(daemon.desk.journal().subscribers() == 0);
    CHECK(daemon.desk.cancels.empty());  // a client that goes away does not stop its run
  });
}

TEST_CASE("a replay is read in bounded pages, and as fast as its client reads") {
  GatewayTiming timing;
  timing.chat.outbox = {512 << 10, 128 << 10};
  Daemon daemon({}, timing);
  daemon.run([&]() -> Task<> {
    const std::string session = co_await daemon.desk.make_session();
    agents::Submission submission;
    submission.session = session;
    const std::string run = (co_await daemon.desk.submit(std::move(submission)))->run;
    for (int i = 0; i < 1500; ++i)  // six outboxes
      co_await daemon.desk.say(run, "observation", std::string(2000, 'x'));
    co_await daemon.desk.finish(run);

    RawSocket client(daemon.loop);
    co_await client.connect(daemon.port());
    co_await client.upgrade("/v1/chat");
    client.bound_buffers();
    co_await client.write(raw_text(R"({"type":"open")" + in(session, 0) + "}"));
    CHECK((co_await client.read_frame())->payload.find("session.opened") != std::string::npos);
    auto& journal = daemon.desk.journal();
    CHECK(co_await eventually(daemon.loop, [&] { return journal.reads > 0; }));
    Stop never;
    co_await daemon.loop.sleep_for(50ms, never);
    const auto reads = journal.reads;
    CHECK(reads * journal.largest_page < 1000);  // it waits for us
    CHECK(journal.largest_page < 150);

    co_await client.write(raw_text(R"({"type":"ping"})"));  // and still listens
    std::int64_t seq = 0;
    bool pong = false;
    while (seq < 1502) {
      auto frame = co_await client.read_frame();
      REQUIRE(frame.has_value());
      pong = pong || frame->payload.find("\"pong\"") != std::string::npos;
      const auto at = frame->payload.find("\"seq\":");
      if (at == std::string::npos) continue;
      CHECK(std::stoll(frame->payload.substr(at + 6)) == seq + 1);
      ++seq;
    }
    CHECK(pong);
    CHECK(journal.reads > reads);
    client.close();
  });
}

TEST_CASE(
    "a slow reader gets whole events in order and is closed with 1013; after brings the rest, others get "
    "all") {
  GatewayTiming timing;
  timing.chat.outbox = {512 << 10, 128 << 10};
  timing.chat.close_timeout = 20s;  // it reads what is left once it has been closed
  Daemon daemon({}, timing);
  daemon.run([&]() -> Task<> {
    ChatClient quick(daemon.loop);
    co_await quick.connect(daemon.port());
    const std::string session = (co_await quick.open())["session"];
    RawSocket slow(daemon.loop);
    co_await slow.connect(daemon.port());
    co_await slow.upgrade("/v1/chat");
    slow.bound_buffers();
    co_await slow.write(raw_text(R"({"type":"open","session":")" + session + "\"}"));
    CHECK((co_await slow.read_frame())->payload.find("session.opened") != std::string::npos);

    // Twice what its outbox may hold; the other one is waited for at each event.
    co_await quick.send(message("m1"));
    const std::string run = (co_await quick.until("run.started")).front()["run"];
    constexpr std::int64_t kEvents = 50;
    for (std::int64_t i = 0; i < kEvents; ++i) {
      for (int piece = 0; piece < 20; ++piece)
        daemon.desk.delta(run, "thought.delta", std::string(100, 'd'), static_cast<int>(i));
      co_await daemon.desk.say(run, "observation", std::string(20'000, 'x'));
      co_await quick.until("observation");
    }
    co_await daemon.desk.finish(run);
    co_await quick.until("run.finished");
    CHECK(quick.seqs() == range(1, kEvents + 2));

    const auto frames = co_await slow.read_frames();
    slow.close();
    REQUIRE_FALSE(frames.empty());
    CHECK(frames.back().opcode == kClose);
    CHECK(frames.back().close_code() == 1013);
    std::vector<std::int64_t> seen;
    std::size_t deltas = 0;
    for (const RawFrame& frame : frames) {
      if (frame.opcode != kText) continue;
      auto event = parse_json(frame.payload);
      REQUIRE(event.has_value());
      if (const Json* seq = find(*event, "seq")) seen.push_back(seq->get<std::int64_t>());
      if (string_or(*event, "type") == "thought.delta") ++deltas;
    }
    CHECK(seen == range(1, static_cast<std::int64_t>(seen.size())));
    CHECK(seen.size() >= 1);
    CHECK(seen.size() < kEvents);
    CHECK(deltas < 20 * seen.size() + 20);

    ChatClient again(daemon.loop);
    co_await again.connect(daemon.port());
    co_await again.open(in(session, seen.back()));
    co_await again.until("run.finished");
    CHECK(again.seqs() == range(seen.back() + 1, kEvents + 2));
    co_await again.close();
    co_await quick.close();
  });
}

TEST_CASE("a reader that is slow for a while loses deltas and no event") {
  GatewayTiming timing;
  timing.chat.outbox = {1 << 20, 256 << 10};
  Daemon daemon({}, timing);
  daemon.run([&]() -> Task<> {
    ChatClient client(daemon.loop);
    co_await client.connect(daemon.port());
    co_await client.open();
    co_await client.send(message("m1"));
    const std::string run = (co_await client.until("run.started")).front()["run"];
    // 2.5 MB of deltas and a tenth of a MB of events while nobody reads.
    for (int step = 1; step <= 100; ++step) {
      for (int i = 0; i < 50; ++i) daemon.desk.delta(run, "thought.delta", std::string(500, 'd'), step);
      co_await daemon.desk.say(run, "thought", std::string(1000, 't'), step);
    }
    co_await daemon.desk.finish(run);
    co_await client.until("run.finished");
    CHECK(client.seqs() == range(1, 102));
    CHECK(client.deltas() > 0);
    CHECK(client.deltas() < 1000);
    co_await client.close();
  });
}

TEST_CASE("a message that was sent before the client went is still performed") {
  Daemon daemon;
  daemon.desk.before_submit = [&]() -> Task<> {
    Stop never;
    co_await daemon.loop.sleep_for(20ms, never);
  };
  daemon.run([&]() -> Task<> {
    {
      ChatClient client(daemon.loop);
      co_await client.connect(daemon.port());
      co_await client.open();
      co_await client.send(message("m1"));
      co_await client.send(message("m2"));
      CHECK(co_await eventually(daemon.loop, [&] { return daemon.desk.submissions.size() == 1; }));
      client.drop();
    }
    CHECK(co_await eventually(daemon.loop, [&] { return daemon.gateway.connections() == 0; }));
    CHECK(daemon.desk.submissions.size() == 2);
    CHECK(daemon.desk.cancels.empty());
  });
}

TEST_CASE("the same message id again is acknowledged as a duplicate, its run shown again, then live") {
  Daemon daemon;
  daemon.run([&]() -> Task<> {
    ChatClient client(daemon.loop);
    co_await client.connect(daemon.port());
    const std::string session = (co_await client.open())["session"];
    co_await client.send(message("m1"));
    const std::string run = (co_await client.until("run.started")).front()["run"];
    for (int i = 1; i <= 3; ++i) co_await daemon.desk.say(run, "thought", "t", i);
    client.drop();

    ChatClient again(daemon.loop);
    co_await again.connect(daemon.port());
    CHECK((co_await again.open(in(session)))["last_seq"] == 4);
    co_await again.send(message("m1"));
    const Json ack = co_await again.next();
    CHECK(ack["type"] == "ack");
    CHECK(ack["duplicate"] == true);
    CHECK(ack["run"] == run);
    while (again.seqs().size() < 4) co_await again.next();
    co_await daemon.desk.finish(run);
    co_await again.until("run.finished");
    CHECK(again.seqs() == range(1, 5));
    co_await again.close();
  });
}

TEST_CASE("sessions of another tenant are not found, and what happens in them is not seen") {
  Daemon daemon(settings_with_tokens());
  daemon.run([&]() -> Task<> {
    ChatClient alice(daemon.loop);
    co_await alice.connect(daemon.port(), {bearer("alpha")});
    const std::string session = (co_await alice.open())["session"];
    co_await alice.send(message("m1"));
    const std::string run = (co_await alice.until("run.started")).front()["run"];

    ChatClient bob(daemon.loop);
    co_await bob.connect(daemon.port(), {bearer("beta")});
    co_await bob.send(R"({"type":"open","id":"o1")" + in(session, 0) + "}");
    const Json refused = co_await bob.next();
    CHECK(refused["code"] == "not_found");
    CHECK(refused["ref"] == "o1");
    co_await bob.send(R"({"type":"cancel","run":")" + run + R"("})");
    CHECK((co_await bob.next())["code"] == "not_found");
    co_await bob.send(message("m2", R"(,"session":")" + session + "\""));
    CHECK((co_await bob.next())["code"] == "not_open");
    co_await daemon.desk.say(run, "thought", "secret");
    co_await bob.send(R"({"type":"ping"})");
    CHECK((co_await bob.next())["type"] == "pong");
    CHECK(daemon.desk.submissions.size() == 1);
    CHECK(daemon.desk.submissions[0].principal.tenant == "acme");
    CHECK(daemon.desk.cancels.empty());
    co_await alice.close();
    co_await bob.close();
  });
}

TEST_CASE("more commands than may wait are answered busy, each exactly once") {
  Daemon daemon;
  bool held = true;
  daemon.desk.before_submit = [&]() -> Task<> { co_await eventually(daemon.loop, [&] { return !held; }); };
  daemon.run([&]() -> Task<> {
    ChatClient client(daemon.loop);
    co_await client.connect(daemon.port());
    co_await client.open();
    const int sent = static_cast<int>(limits::kCommandsInFlight) + 50;
    for (int i = 0; i < sent; ++i) co_await client.send(message(fmt::format("m{}", i)));
    co_await client.send(R"({"type":"ping","id":"p"})");  // answered at once all the same
    std::map<std::string, int> answers;
    Json frame;
    while ((frame = co_await client.next())["type"] != "pong") ++answers[frame["ref"]];
    CHECK(answers.size() >= 49);
    held = false;
    while (answers.size() < static_cast<std::size_t>(sent) + 1) {
      frame = co_await client.next();
      if (frame["type"] == "ack") ++answers[frame["id"]];
    }
    for (const auto& [id, times] : answers) CHECK_MESSAGE(times == 1, id);
    co_await client.close();
  });
}

TEST_CASE("bad frames are answered and the connection stays; bombs change nothing") {
  Daemon daemon;
  daemon.run([&]() -> Task<> {
    RawSocket client(daemon.loop);
    co_await client.connect(daemon.port());
    co_await client.upgrade("/v1/chat");
    std::string deep(500'000, '[');
    std::string wide = R"({"type":"message","id":"m","text":"x","inputs":{)";
    for (int i = 0; i < 20'000; ++i) wide += fmt::format("\"k{}\":[[[[]]]],", i);
    wide += "\"last\":0}}";
    const std::vector<std::pair<std::string, std::string>> cases = {
        {raw_text("{"), "bad_json"},
        {raw_text(deep), "bad_json"},
        {raw_text("{\"type\":\"message\",\"id\":\"m\",\"text\":" + deep + "}"), "bad_json"},
        {raw_text(wide), "bad_json"},
        {raw_text(R"({"type":"message","id":"m","text":"x"})"), "not_open"},
        {raw_text(R"({"type":"open","target":"nobody"})"), "not_found"},
        {raw_text(R"({"type":"open","session":"s_none"})"), "not_found"},
        {raw_text(R"({"type":"cancel","run":"r_none"})"), "not_found"},
        {raw_frame({.opcode = kBinary, .payload = "x"}), "binary_frame"},
        {raw_text(R"({"type":"fly"})"), "unknown_type"},
    };
    for (const auto& [bytes, code] : cases) {
      const Instant before = daemon.clock.now();
      co_await client.write(bytes);
      auto frame = co_await client.read_frame();
      REQUIRE(frame.has_value());
      auto error = parse_json(frame->payload);
      REQUIRE(error.has_value());
      CHECK((*error)["type"] == "error");
      CHECK((*error)["code"] == code);
      CHECK(daemon.clock.now() - before < 1s);
    }
    co_await client.write(raw_text(std::string((1 << 20) + 1, ' ')));
    CHECK(co_await client.read_close() == 1009);
  });
}

TEST_CASE("a replay that cannot be read ends the connection with 1011, not the daemon") {
  Daemon daemon;
  daemon.run([&]() -> Task<> {
    const std::string session = co_await daemon.desk.make_session();
    co_await daemon.desk.whole_run(session, 5);
    daemon.desk.journal().read_failure = Error{ErrorCode::store, "page 7 is damaged"};
    RawSocket client(daemon.loop);
    co_await client.connect(daemon.port());
    co_await client.upgrade("/v1/chat");
    co_await client.write(raw_text(R"({"type":"open")" + in(session, 0) + "}"));
    CHECK(co_await client.read_close() == 1011);
    client.close();

    daemon.desk.journal().read_failure.reset();
    daemon.desk.journal().forget_upto(session, 3);
    ChatClient late(daemon.loop);
    co_await late.connect(daemon.port());
    co_await late.send(R"({"type":"open")" + in(session, 1) + "}");
    const Json gone = co_await late.next();
    CHECK(gone["code"] == "gone");
    CHECK(gone["oldest_seq"] == 4);
    co_await late.send(R"({"type":"open")" + in(session, 8) + "}");
    CHECK((co_await late.next())["code"] == "bad_after");
    co_await late.open(in(session, 3));
    co_await late.until("run.finished");
    CHECK(late.seqs() == range(4, 7));
    co_await late.close();
  });
}

TEST_CASE("stopping sends what is due, then 1001; the run is left alone") {
  Daemon daemon;
  RawSocket client(daemon.loop);
  Nursery nursery(daemon.loop);
  std::vector<RawFrame> frames;
  daemon.run([&]() -> Task<> {
    co_await client.connect(daemon.port());
    co_await client.upgrade("/v1/chat");
    co_await client.write(raw_text(R"({"type":"open"})") + raw_text(message("m1")));
    CHECK(co_await eventually(daemon.loop, [&] { return daemon.desk.journal().subscribers() == 1; }));
    CHECK(co_await eventually(daemon.loop, [&] { return daemon.desk.submissions.size() == 1; }));
    nursery.spawn("reader", [&]() -> Task<> {
      while (auto frame = co_await client.read_frame()) {
        frames.push_back(*frame);
        if (frame->opcode == kClose) co_await client.write(raw_close(1001));
      }
      client.close();
    });
    Stop never;
    co_await daemon.loop.sleep_for(10ms, never);
  });
  fakes::run(daemon.loop, nursery.join());
  REQUIRE(frames.size() >= 3);
  CHECK(frames.back().close_code() == 1001);
  CHECK(daemon.desk.cancels.empty());
  CHECK(daemon.gateway.connections() == 0);
}

TEST_CASE("clients that vanish in any state leave no descriptor, no subscription and no task") {
  GatewayTiming timing;
  timing.chat.close_timeout = 50ms;
  Daemon daemon({}, timing);
  daemon.run([&]() -> Task<> {
    const std::string session = co_await daemon.desk.make_session();
    co_await daemon.desk.whole_run(session, 500);
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 200; ++i) {
      RawSocket client(daemon.loop);
      co_await client.connect(daemon.port());
      co_await client.upgrade("/v1/chat");
      if (i % 4 == 1) co_await client.write(raw_text(R"({"type":"open")" + in(session, 0) + "}"));
      if (i % 4 == 2) co_await client.write(raw_text(R"({"type":"open"})") + raw_text(message("m1")));
      if (i % 4 == 3) {  // half closed and deaf
        co_await client.write(raw_text(R"({"type":"open")" + in(session, 0) + "}"));
        client.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send);
      }
    }
    CHECK(co_await eventually(daemon.loop, [&] { return daemon.gateway.connections() == 0; }));
    CHECK(daemon.desk.journal().subscribers() == 0);
    CHECK(open_descriptors() == before);
  });
}
