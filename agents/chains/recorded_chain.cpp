#include "agents/chains/recorded_chain.h"

#include "agents/chains/passages.h"
#include "agents/runs/fact_fields.h"

#include <algorithm>
#include <utility>

namespace troupe::agents {

namespace {

class Fold {
 public:
  explicit Fold(RecordedChain& chain) : chain_(chain) {}

  void take(const store::Fact& fact, Json body) {
    chain_.used = std::max(chain_.used, Milliseconds(number_or(body, "used_ms")));
    std::string key = string_or(body, "key");
    if (fact.kind == "chain.intent") {
      ++chain_.calls;
      chain_.attempts[key] = static_cast<int>(number_or(body, "attempt", 1));
      open_[key] = {key, fact.step, number_or(body, "input"), string_or(body, "model"),
                    string_or(body, "entry")};
    } else if (fact.kind == "chain.reply") {
      open_.erase(key);
      if (const Json* usage = find(body, "usage"))
        tell(number_or(*usage, "input"), number_or(*usage, "output"), amount_or(body, "cost"));
      chain_.replies.insert_or_assign(std::move(key), std::move(body));
    } else if (fact.kind == "chain.broken") {
      broken(key, body);
    } else if (fact.kind == "chain.used") {
      tell(number_or(body, "input"), number_or(body, "output"), amount_or(body, "cost"));
    } else if (fact.kind == "chain.search") {
      chain_.announced.insert(std::move(key));
    } else if (fact.kind == "chain.found") {
      found(std::move(key), body);
    } else if (fact.kind == "chain.decided") {
      if (const Json* what = find(body, "what")) chain_.decisions.insert_or_assign(std::move(key), *what);
    } else if (fact.kind == "chain.warned") {
      chain_.warned.insert(std::move(key));
    }
  }

  void end() {
    for (auto& [key, lost] : open_) chain_.lost.push_back(std::move(lost));
  }

 private:
  void broken(const std::string& key, const Json& body) {
    const auto open = open_.extract(key);
    if (flag(body, "crash")) {
      if (!open.empty()) chain_.counted_lost.push_back(open.mapped());
    } else {
      tell(number_or(body, "input"), number_or(body, "output"), amount_or(body, "cost"));
    }
  }

  void found(std::string key, const Json& body) {
    RecordedSearch search{.error = string_or(body, "error")};
    if (const Json* hits = find(body, "hits")) search.hits = hits_from_fact(*hits);
    chain_.searches.insert_or_assign(std::move(key), std::move(search));
  }

  void tell(std::int64_t input, std::int64_t output, double cost) {
    chain_.told_input += input;
    chain_.told_output += output;
    chain_.told_cost += cost;
  }

  RecordedChain& chain_;
  std::map<std::string, LostChainRequest> open_;  // unless something comes of them
};

}  // namespace

Result<RecordedChain> fold_chain(const std::vector<store::Fact>& facts, const std::vector<Frame>& events) {
  RecordedChain chain;
  chain.started = std::ranges::any_of(events, [](const Frame& frame) { return frame.type == "run.started"; });
  Fold fold(chain);
  for (const store::Fact& fact : facts) {
    auto body = parse_json(fact.body);
    if (!body) return within("journal, run " + fact.run + ", fact " + std::string(fact.kind), body.error());
    fold.take(fact, std::move(*body));
  }
  fold.end();
  return chain;
}

}  // namespace troupe::agents
