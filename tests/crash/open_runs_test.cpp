#include "runtime/net/http_client.h"
#include "tests/crash/crash_stage.h"
#include "tests/fakes/run_loop.h"

#include <algorithm>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::crash;

namespace {

/// Talks to the daemon over HTTP.
class Caller {
 public:
  explicit Caller(CrashStage& stage) : stage_(stage) {}

  net::HttpResponse call(std::string method, const std::string& path, const Json& body = nullptr) {
    Stop never;
    net::HttpRequest request{.method = std::move(method), .url = stage_.daemon.url() + path};
    if (!body.is_null()) {
      request.body = dump(body);
      request.headers = {{"Content-Type", "application/json"}};
    }
    auto answer = fakes::run(loop_, http_->fetch(std::move(request), never));
    REQUIRE_MESSAGE(answer, (answer ? std::string() : answer.error().message));
    return std::move(*answer);
  }
  /// Asks again and again until it holds.
  template <class Condition>
  void until(Condition holds) {
    Stop never;
    for (int i = 0; i < 60'000 && !holds(); ++i) fakes::run(loop_, loop_.sleep_for(Milliseconds(1), never));
    REQUIRE(holds());
  }

 private:
  CrashStage& stage_;
  SystemClock clock_;
  Loop loop_{clock_};
  std::unique_ptr<net::HttpClient> http_ = net::make_curl_client(loop_, {}, net::Guarding::open);
};

/// A run that has two steps behind it and waits for a person.
Plan waiting_plan(int n) {
  return {.name = fmt::format("case-{}", n),
          .agent = "text_asks",
          .steps = {{{kLook, 1}}, {{kLook, 2}}, {{kPay, 3}}}};
}

double percentile(std::vector<double> times, double share) {
  std::ranges::sort(times);
  return times[std::min(times.size() - 1,
                        static_cast<std::size_t>(share * static_cast<double>(times.size())))];
}

}  // namespace

TEST_CASE("a daemon with many open runs is back soon after kill -9, and all of them are where they were") {
  const int runs = rounds("TROUPE_OPEN_RUNS", 100);
  const int kills = rounds("TROUPE_RECOVERIES", 3);
  CrashStage stage;
  stage.daemon.rewrite(plan_yaml(stage.model.url()), "  limits: { runs_per_tenant: 1000 }\n");
  stage.start();
  Caller caller(stage);
  std::vector<std::string> ids;
  for (int n = 0; n < runs; ++n) {
    const Plan plan = waiting_plan(n);
    stage.model.add(plan);
    auto answer = caller.call("POST", "/v1/runs", {{"target", plan.agent}, {"input", plan.name + " please"}});
    REQUIRE(answer.status < 300);
    ids.push_back(string_or(*parse_json(answer.body), "run"));
  }
  // What `waiting` has is at work in the process, not only in the journal.
  const auto wait_for_all = [&] {
    for (const std::string& id : ids)
      caller.until([&] {
        const std::string shown = caller.call("GET", "/v1/runs/" + id).body;
        const auto run = parse_json(shown);
        REQUIRE_MESSAGE((run && !find(*run, "finished")), shown);
        const Json* waiting = find(*run, "waiting");
        return waiting && waiting->size() == 1;
      });
  };
  wait_for_all();

  std::vector<double> ready_ms;
  for (int kill = 0; kill < kills; ++kill) {
    stage.daemon.kill();
    const Instant from = SystemClock().now();
    stage.start();
    caller.until([&] { return caller.call("GET", "/readyz").status == 200; });
    ready_ms.push_back(std::chrono::duration<double, std::milli>(SystemClock().now() - from).count());
  }
  wait_for_all();
  // The first and the last of them go on when somebody decides.
  for (const std::string& id : {ids.front(), ids.back()}) {
    auto decided = caller.call("POST", "/v1/runs/" + id + "/approve", {{"call", "c_3"}});
    CHECK_MESSAGE(decided.status < 300, decided.body);
    caller.until([&] {
      return string_or(*parse_json(caller.call("GET", "/v1/runs/" + id).body), "status") == "done";
    });
  }
  MESSAGE(runs, " open runs, ", kills, " kills: from exec to all taken up p50 ", percentile(ready_ms, 0.5),
          " ms, p99 ", percentile(ready_ms, 0.99), " ms");
  stage.daemon.kill();
}
