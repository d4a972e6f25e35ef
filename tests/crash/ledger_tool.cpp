#include "tests/crash/ledger_tool.h"

#include "runtime/base/json.h"

#include <array>
#include <cstdlib>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace troupe::crash {

namespace {

using tools::CallStatus;
using tools::Effect;

struct Kind {
  std::string_view name;
  Effect effect;
};
constexpr std::array<Kind, 5> kKinds = {{{kPay, Effect::at_most_once},
                                         {kBook, Effect::at_most_once},
                                         {kPut, Effect::idempotent},
                                         {kLook, Effect::pure},
                                         {kPoison, Effect::pure}}};

class LedgerTool final : public tools::Tool {
 public:
  LedgerTool(const Kind& kind, net::HttpClient& http, std::string ledger)
      : http_(http), ledger_(std::move(ledger)) {
    spec_.declaration = {
        .name = std::string(kind.name),
        .description = "writes into the ledger",
        .schema =
            R"({"type":"object","properties":{"case":{"type":"string"},"x":{"type":"integer"}},"required":["case","x"]})"};
    spec_.effect = kind.effect;
  }

  const tools::ToolSpec& spec() const override { return spec_; }

  Task<Result<tools::ToolOutput>> call(tools::ToolInput input, CallContext& context) override {
    if (spec_.declaration.name == kPoison) ::_exit(139);
    Json body = input.arguments;
    body["tool"] = spec_.declaration.name;
    net::HttpRequest request{.method = "POST", .url = ledger_ + "/effect"};
    request.headers = {{"Idempotency-Key", input.idempotency_key}, {"Content-Type", "application/json"}};
    request.body = dump(body);
    auto answer = co_await http_.fetch(std::move(request), context.stop);
    if (!answer) co_return fail(std::move(answer.error()));
    if (answer->status != 200) co_return fail(ErrorCode::tool, "the ledger refused: " + answer->body);
    co_return tools::ToolOutput{"written: " + string_or(body, "case"), {}};
  }

  Task<Result<CallStatus>> status(std::string key, CallContext& context) override {
    if (spec_.declaration.name != kBook) co_return CallStatus{};
    auto answer = co_await http_.fetch({.url = ledger_ + "/status?key=" + key}, context.stop);
    if (!answer) co_return fail(std::move(answer.error()));
    if (answer->status == 404) co_return CallStatus{.kind = CallStatus::Kind::not_done};
    co_return CallStatus{.kind = CallStatus::Kind::done, .output = {"written before the crash", {}}};
  }

 private:
  tools::ToolSpec spec_;
  net::HttpClient& http_;
  const std::string ledger_;
};

}  // namespace

std::unique_ptr<tools::Tool> make_ledger_tool(const std::string& name, net::HttpClient& http) {
  const char* ledger = std::getenv(kLedgerVariable);
  for (const Kind& kind : kKinds)
    if (kind.name == name) return std::make_unique<LedgerTool>(kind, http, ledger ? ledger : "");
  return nullptr;
}

}  // namespace troupe::crash
