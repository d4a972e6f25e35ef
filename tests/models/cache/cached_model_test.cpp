#include "models/cache/cached_model.h"

#include "models/cache/memory_cache.h"
#include "models/cache/sqlite_cache.h"
#include "runtime/async/nursery.h"
#include "runtime/async/one_shot.h"
#include "tests/fakes/temp_dir.h"
#include "tests/models/call.h"
#include "tests/models/scripted_model.h"

#include <deque>
#include <functional>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;
using namespace std::chrono_literals;

namespace {

ModelReply full_reply() {
  ModelReply reply;
  reply.text = "안녕하세요, " + std::string(500, 'x') + " the end";
  reply.reasoning = std::string(100, 'r');
  reply.tool_calls = {{"call_1", "f", "{\"x\": 1}"}};
  reply.finish = FinishReason::tool_calls;
  reply.usage = {100, 50, 30, 5, false};
  reply.model = "m-1";
  reply.provider_state = "{\"signature\":\"s\"}";
  return reply;
}

struct Fixture : Caller {
  std::shared_ptr<ScriptedModel> script = std::make_shared<ScriptedModel>();
  MemoryCache memory{clock, 1u << 20};
  Flights flights;
  CachedModel model{script, "identity", 1h, memory, flights};

  Result<ModelReply> ask(std::string question, std::string tenant = "default") {
    sink = {};
    return ask_of(model, std::move(question), std::move(tenant));
  }
  Result<ModelReply> ask_of(Model& asked, std::string question, std::string tenant = "default") {
    CallContext context{.loop = loop, .stop = stop, .events = events, .principal = {.tenant = tenant}};
    return fakes::run(loop, asked.complete(request_of({user(std::move(question))}), sink, context));
  }
};

/// A model whose calls wait until the test says how they end.
class HeldModel final : public Model {
 public:
  struct Call {
    explicit Call(Loop& loop) : end(loop) {}
    OneShot<std::function<Result<ModelReply>(TokenSink&)>> end;
  };
  Task<Result<ModelReply>> complete(ModelRequest, TokenSink& sink, CallContext& context) override {
    Call& call = calls.emplace_back(context.loop);
    Stop::Hook hook = context.stop.on_request([&call, &context] {
      const StopReason reason = context.stop.reason();
      call.end.set([reason](TokenSink&) -> Result<ModelReply> { return fail(stopped("model", reason)); });
    });
    auto end = co_await call.end.wait();
    co_return end(sink);
  }
  const std::string& name() const override { return name_; }

  void says(std::size_t call, const std::string& text) {
    calls.at(call).end.set([text](TokenSink& sink) -> Result<ModelReply> {
      ModelReply reply;
      reply.text = text;
      if (!sink.on_text(text)) reply.finish = FinishReason::closed_early;
      return reply;
    });
  }
  void fails(std::size_t call, Error error) {
    calls.at(call).end.set([error](TokenSink&) -> Result<ModelReply> { return fail(error); });
  }
  std::deque<Call> calls;

 private:
  std::string name_ = "held";
};

/// Several who ask the same at the same time.
struct Crowd {
  SystemClock clock;
  Loop loop{clock};
  Stop root;
  RecordingEvents events;
  std::shared_ptr<HeldModel> held = std::make_shared<HeldModel>();
  MemoryCache memory{clock, 1u << 20};
  Flights flights;
  CachedModel model{held, "identity", 1h, memory, flights};
  Nursery nursery{loop};

  struct One {
    explicit One(Stop& root) : stop(root) {}
    Stop stop;
    RecordingSink sink;
    Deadline deadline;
    std::optional<Result<ModelReply>> reply;
  };
  std::deque<One> all;

  One& join(std::string question = "q", std::string tenant = "default", Deadline deadline = {}) {
    One& one = all.emplace_back(root);
    one.deadline = deadline;
    nursery.spawn("one of a crowd", [this, &one, question, tenant]() -> Task<> {
      CallContext context{.loop = loop,
                          .stop = one.stop,
                          .deadline = one.deadline,
                          .events = events,
                          .principal = {.tenant = tenant}};
      one.reply = co_await model.complete(request_of({user(question)}), one.sink, context);
    });
    settle();
    return one;
  }
  /// Lets everything happen that can.
  void settle() {
    loop.context().restart();
    while (loop.context().poll() > 0) {
    }
  }
  /// Waits for what takes time.
  void wait_for(const std::function<bool()>& done) {
    const Instant until = clock.now() + fakes::kMaxTestWait;
    while (!done() && clock.now() < until) {
      loop.context().restart();
      loop.context().run_for(1ms);
    }
  }
  ~Crowd() {
    root.request(StopReason::cancelled);
    fakes::run(loop, nursery.join());
  }
};

}  // namespace

TEST_CASE("the second time a question is asked its reply comes from the cache, as a stream, and says so") {
  Fixture f;
  f.script->turns.push_back({{"안녕", "하세요"}, full_reply()});
  auto first = f.ask("hi");
  REQUIRE(first.has_value());
  CHECK_FALSE(first->cache_hit);
  CHECK(f.sink.chunks == std::vector<std::string>{"안녕", "하세요"});

  auto second = f.ask("hi");

  REQUIRE(second.has_value());
  CHECK(f.script->calls == 1);
  CHECK(second->cache_hit);
  CHECK(f.sink.text == full_reply().text);
  CHECK(f.sink.chunks.size() > 5);
  CHECK(f.sink.reasoning == full_reply().reasoning);
  CHECK(second->text == full_reply().text);
  CHECK(second->reasoning == full_reply().reasoning);
  CHECK(second->finish == FinishReason::tool_calls);
  CHECK(second->provider_state == full_reply().provider_state);
  CHECK(second->model == "m-1");
  REQUIRE(second->tool_calls.size() == 1);
  CHECK(second->tool_calls[0].arguments == "{\"x\": 1}");
  CHECK(second->usage.input_tokens == 100);
  CHECK(second->usage.output_tokens == 50);
  CHECK(second->usage.cached_tokens == 30);
  CHECK(second->usage.cache_write_tokens == 5);
}

TEST_CASE("pieces of a cached reply end between characters") {
  Fixture f;
  ModelReply reply;
  for (int i = 0; i < 300; ++i) reply.text += "가나😀a";
  f.script->turns.push_back({{reply.text}, reply});
  REQUIRE(f.ask("hi").has_value());
  REQUIRE(f.ask("hi").has_value());
  CHECK(f.sink.text == reply.text);
  for (const std::string& chunk : f.sink.chunks) {
    CHECK((static_cast<unsigned char>(chunk.front()) & 0xC0) != 0x80);
    CHECK(chunk.size() <= 64);
  }
}

TEST_CASE("another question, tenant or model is asked") {
  Fixture f;
  for (const char* text : {"1", "2", "3", "4"}) f.script->says(text);
  CachedModel other(f.script, "another", 1h, f.memory, f.flights);
  CHECK(f.ask("a")->text == "1");
  CHECK(f.ask("b")->text == "2");
  CHECK(f.ask("a", "acme")->text == "3");
  CHECK(f.ask_of(other, "a")->text == "4");
  CHECK(f.ask("a")->text == "1");
  CHECK(f.ask("a", "acme")->text == "3");
  CHECK(f.script->calls == 4);
}

TEST_CASE("what failed, was cut, was withheld or is empty is asked again") {
  const auto with = [](FinishReason finish, std::string text = "half") {
    ModelReply reply;
    reply.text = std::move(text);
    reply.finish = finish;
    return reply;
  };
  Fixture f;
  int asked = 0;
  for (const ModelReply& reply :
       {with(FinishReason::length), with(FinishReason::content_filter), with(FinishReason::other),
        with(FinishReason::stop, ""), with(FinishReason::tool_calls)}) {
    f.script->turns.push_back({{}, reply});
    REQUIRE(f.ask("hi").has_value());
    CHECK(f.script->calls == ++asked);
  }
  f.script->fails(busy());
  CHECK(f.ask("hi").error().status == 429);
  f.script->turns.push_back({{"enough", " and more"}, with(FinishReason::stop, "enough and more")});
  f.sink = {};
  f.sink.enough = 3;
  CHECK(f.ask_of(f.model, "hi")->finish == FinishReason::closed_early);
  f.script->says("at last");
  CHECK(f.ask("hi")->text == "at last");
  CHECK(f.script->calls == asked + 3);
  CHECK(f.ask("hi")->cache_hit);
}

TEST_CASE("a consumer that has enough of a cached reply gets what it read") {
  Fixture f;
  f.script->says(std::string(300, 'x'));
  REQUIRE(f.ask("hi").has_value());
  f.sink = {};
  f.sink.enough = 100;
  auto reply = f.ask_of(f.model, "hi");
  CHECK(reply->finish == FinishReason::closed_early);
  CHECK(reply->text == f.sink.text);
  CHECK(reply->text.size() == 128);
  CHECK(reply->cache_hit);
}

TEST_CASE("a cached reply that ends where its consumer has enough is whole") {
  Fixture f;
  f.script->says("{\"final_answer\": 1}\n```\n");
  REQUIRE(f.ask("hi").has_value());
  f.sink = {};
  f.sink.enough = 5;
  auto reply = f.ask_of(f.model, "hi");
  CHECK(reply->finish == FinishReason::stop);
  CHECK(reply->text == "{\"final_answer\": 1}\n```\n");
}

TEST_CASE("a call that is stopped before or while a cached reply comes says so") {
  Fixture f;
  f.script->says(std::string(100'000, 'x'));
  REQUIRE(f.ask("hi").has_value());
  class StoppingSink final : public TokenSink {
   public:
    explicit StoppingSink(Stop& stop) : stop_(stop) {}
    bool on_text(std::string_view) override { return stop_.request(StopReason::cancelled), true; }

   private:
    Stop& stop_;
  } sink(f.stop);
  CallContext context{.loop = f.loop, .stop = f.stop, .events = f.events};
  auto reply = fakes::run(f.loop, f.model.complete(request_of({user("hi")}), sink, context));
  CHECK(reply.error().code == ErrorCode::cancelled);
  CHECK(f.ask("hi").error().code == ErrorCode::cancelled);
  CHECK(f.script->calls == 1);
}

TEST_CASE("replies in a file are there for the next process, whole") {
  Fixture f;
  fakes::TempDir folder;
  const std::string file = (folder.path() / "cache.db").string();
  f.script->turns.push_back({{}, full_reply()});
  {
    SqliteCache cache(f.loop, file, 1u << 20, fakes::kMaxTestWait);
    CachedModel model(f.script, "identity", 1h, cache, f.flights);
    REQUIRE(f.ask_of(model, "hi").has_value());
    REQUIRE(f.ask_of(model, "hi")->cache_hit);
  }
  SqliteCache cache(f.loop, file, 1u << 20, fakes::kMaxTestWait);
  CachedModel model(f.script, "identity", 1h, cache, f.flights);
  auto reply = f.ask_of(model, "hi");
  REQUIRE(reply.has_value());
  CHECK(reply->cache_hit);
  CHECK(reply->text == full_reply().text);
  CHECK(reply->provider_state == full_reply().provider_state);
  CHECK(reply->tool_calls.at(0).id == "call_1");
  CHECK(f.script->calls == 1);
}

TEST_CASE("the same question in flight is asked once, and all who ask it get the reply") {
  Crowd crowd;
  auto& leader = crowd.join();
  auto& second = crowd.join();
  auto& third = crowd.join();
  CHECK(crowd.held->calls.size() == 1);
  crowd.held->says(0, "the answer");
  crowd.settle();
  for (Crowd::One* one : {&leader, &second, &third}) {
    REQUIRE(one->reply.has_value());
    REQUIRE(one->reply->has_value());
    CHECK((*one->reply)->text == "the answer");
    CHECK(one->sink.text == "the answer");
    CHECK((*one->reply)->cache_hit == (one != &leader));
  }
  CHECK(crowd.held->calls.size() == 1);
}

TEST_CASE("other questions and other tenants do not wait for one in flight") {
  Crowd crowd;
  crowd.join("q");
  crowd.join("r");
  crowd.join("q", "acme");
  CHECK(crowd.held->calls.size() == 3);
}

TEST_CASE("when the model fails, it has failed for all who asked the same") {
  Crowd crowd;
  auto& leader = crowd.join();
  auto& second = crowd.join();
  crowd.held->fails(0, busy("HTTP 429: slow down (after 5 attempts)"));
  crowd.settle();
  CHECK(leader.reply->error().status == 429);
  CHECK(second.reply->error().status == 429);
  CHECK(crowd.held->calls.size() == 1);
  crowd.join();
  CHECK(crowd.held->calls.size() == 2);
}

TEST_CASE("when who leads is cancelled, the next goes on in its place, once for all that are left") {
  Crowd crowd;
  auto& leader = crowd.join();
  auto& second = crowd.join();
  auto& third = crowd.join();
  leader.stop.request(StopReason::cancelled);
  crowd.settle();
  CHECK(leader.reply->error().code == ErrorCode::cancelled);
  CHECK_FALSE(second.reply.has_value());
  CHECK(crowd.held->calls.size() == 2);
  crowd.held->says(1, "late");
  crowd.settle();
  CHECK((*second.reply)->text == "late");
  CHECK_FALSE((*second.reply)->cache_hit);
  CHECK((*third.reply)->text == "late");
  CHECK((*third.reply)->cache_hit);
}

TEST_CASE("a leader that ran out of time fails alone") {
  Crowd crowd;
  auto& leader = crowd.join("q", "default", Deadline::after(crowd.clock, 20ms));
  auto& second = crowd.join();
  crowd.wait_for([&] { return leader.deadline.expired(crowd.clock.now()); });
  crowd.held->fails(0, Error{ErrorCode::timeout, "the deadline passed", false});
  crowd.settle();
  CHECK(leader.reply->error().code == ErrorCode::timeout);
  CHECK_FALSE(second.reply.has_value());
  CHECK(crowd.held->calls.size() == 2);
}

TEST_CASE("a leader that has no time to wait for its turn fails alone") {
  Error later{ErrorCode::model, "HTTP 429; the deadline leaves no time to try again", true, 429};
  later.retry_after = 1h;
  for (const Error& error : {Error{ErrorCode::timeout, "cannot be asked in time", false}, later}) {
    CAPTURE(error.message);
    Crowd crowd;
    auto& leader = crowd.join("q", "default", Deadline::after(crowd.clock, 10min));
    auto& second = crowd.join();
    crowd.settle();
    crowd.held->fails(0, error);
    crowd.settle();
    CHECK(leader.reply->error().message == error.message);
    CHECK_FALSE(second.reply.has_value());
    CHECK(crowd.held->calls.size() == 2);
  }
}

TEST_CASE("who waits and is cancelled, or out of time, leaves the others alone") {
  Crowd crowd;
  auto& leader = crowd.join();
  auto& cancelled = crowd.join();
  auto& late = crowd.join("q", "default", Deadline::after(crowd.clock, 20ms));
  auto& patient = crowd.join();
  cancelled.stop.request(StopReason::cancelled);
  crowd.settle();
  CHECK(cancelled.reply->error().code == ErrorCode::cancelled);
  crowd.wait_for([&] { return late.reply.has_value(); });
  CHECK(late.reply->error().code == ErrorCode::timeout);
  CHECK_FALSE(leader.reply.has_value());
  crowd.held->says(0, "the answer");
  crowd.settle();
  CHECK((*leader.reply)->text == "the answer");
  CHECK((*patient.reply)->text == "the answer");
  CHECK(crowd.held->calls.size() == 1);
}

TEST_CASE("a reply that was cut for who led is nothing for the others: each asks, at the same time") {
  Crowd crowd;
  auto& leader = crowd.join();
  leader.sink.enough = 3;
  auto& second = crowd.join();
  auto& third = crowd.join();
  crowd.held->says(0, "enough");
  crowd.settle();
  CHECK((*leader.reply)->finish == FinishReason::closed_early);
  CHECK(crowd.held->calls.size() == 3);
  crowd.held->says(1, "two");
  crowd.held->says(2, "three");
  crowd.settle();
  CHECK((*second.reply)->text == "two");
  CHECK((*third.reply)->text == "three");
}

TEST_CASE("a reply that is not kept is given to those who asked meanwhile all the same") {
  Crowd crowd;
  crowd.join();
  auto& second = crowd.join();
  crowd.held->calls.at(0).end.set([](TokenSink&) -> Result<ModelReply> {
    ModelReply reply;
    reply.text = "cut at the";
    reply.finish = FinishReason::length;
    return reply;
  });
  crowd.settle();
  CHECK((*second.reply)->finish == FinishReason::length);
  crowd.join();
  CHECK(crowd.held->calls.size() == 2);
}

TEST_CASE("many who come and go at random: each gets a reply or its own end, and nobody waits for ever") {
  std::uint64_t state = 88172645463325252ull;
  const auto random = [&state](std::uint64_t below) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state % below;
  };
  Crowd crowd;
  std::size_t ended = 0;
  for (int i = 0; i < 3000; ++i) {
    switch (random(4)) {
      case 0:
      case 1:
        crowd.join(std::string(1, static_cast<char>('a' + random(3))));
        break;
      case 2:
        crowd.all.empty() ? void() : crowd.all[random(crowd.all.size())].stop.request(StopReason::cancelled);
        crowd.settle();
        break;
      default:
        for (std::size_t tries = 8; tries > 0 && ended < crowd.held->calls.size(); --tries, ++ended)
          random(3) == 0 ? crowd.held->fails(ended, busy()) : crowd.held->says(ended, "text");
        crowd.memory.resize(0);  // forgets
        crowd.memory.resize(1u << 20);
        crowd.settle();
    }
  }
  for (std::size_t more = 1; more > 0;) {
    more = crowd.held->calls.size() - ended;
    for (; ended < crowd.held->calls.size(); ++ended) crowd.held->says(ended, "text");
    crowd.settle();
  }
  for (Crowd::One& one : crowd.all) REQUIRE(one.reply.has_value());
}
