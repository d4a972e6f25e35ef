#include "agents/check/spending.h"

#include "agents/compaction/compacted.h"
#include "agents/forks/copy.h"
#include "agents/forks/lineage.h"
#include "agents/runs/fact_fields.h"

#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr double kRounding = 1e-6;  // of sums of costs in another order

/// Requests that no reply came to.
class OpenRequests {
 public:
  void begin(const std::string& key, std::int64_t input, Told& told) {
    lose(key, told);
    open_[key] = input;
    told.at_once = std::max(told.at_once, static_cast<std::int64_t>(open_.size()));
  }
  void end(const std::string& key) { open_.erase(key); }
  void lose(const std::string& key, Told& told) {
    if (const auto found = open_.extract(key); !found.empty() && found.mapped() > 0) {
      told.untold += found.mapped();
      ++told.untold_calls;
    }
  }
  void lose_all(Told& told) {
    while (!open_.empty()) lose(open_.begin()->first, told);
  }

 private:
  std::map<std::string, std::int64_t> open_;  // tokens of the request
};

std::string guard_key(const Record& fact) {
  return fmt::format("guard {} {} {}", string_or(fact.body, "side"), fact.step,
                     number_or(fact.body, "place"));
}

void take_fact(const Record& fact, OpenRequests& open, Told& told) {
  const Json& body = fact.body;
  const bool crash = flag(body, "crash");
  if (fact.type == "model.intent") open.begin("model", number_or(body, "input"), told);
  if (fact.type == "model.reply") open.end("model");
  if (fact.type == "model.broken" || fact.type == "chain.used") {
    told.beside += number_or(body, "input") + number_or(body, "output");
    told.beside_cost += amount_or(body, "cost");
  }
  if (fact.type == "guard.intent") open.begin(guard_key(fact), number_or(body, "input"), told);
  if (fact.type == "guard.verdict" || (fact.type == "guard.lost" && !crash)) open.end(guard_key(fact));
  if (fact.type == "chain.intent")
    open.begin("chain " + string_or(body, "key"), number_or(body, "input"), told);
  if (fact.type == "chain.reply" || (fact.type == "chain.broken" && !crash))
    open.end("chain " + string_or(body, "key"));
}

// Of memory, usage events of the session tell; a crash may take those.
void take_memory_fact(const Record& fact, Told& told) {
  if (fact.type != "memory.intent") return;
  told.untold += number_or(fact.body, "input");
  ++told.untold_calls;
}

Told told_by(const Compacted& compacted) {
  return {.untold = compacted.untold,
          .untold_calls = compacted.untold_calls,
          .beside = compacted.beside,
          .beside_cost = compacted.beside_cost,
          .at_once = compacted.at_once,
          .leads = compacted.leads};
}

std::string member_of(const std::string& agent) {
  const std::size_t slash = agent.rfind('/');
  const std::string name = slash == agent.npos ? agent : agent.substr(slash + 1);
  return name.substr(0, name.find_first_of("#@"));
}

std::optional<RunLimits> limits_in(const Json& snapshot, std::string_view section, const std::string& name) {
  const Json* entries = find(snapshot, section);
  const Json* entry = entries ? find(*entries, name) : nullptr;
  const Json* limits = entry ? find(*entry, "limits") : nullptr;
  if (!limits) return std::nullopt;
  return RunLimits{
      .tokens = number_or(*limits, "tokens"),
      .cost = amount_or(*limits, "cost"),
      // Of an agent it is how many calls are made at once, and calls of tools are not limited by it.
      .parallel = section == "agents" ? 1 : std::max<std::int64_t>(1, number_or(*limits, "parallel", 1)),
      .team = section == "teams"};
}

}  // namespace

Told& Told::operator+=(const Told& more) {
  used += more.used;
  copied += more.copied;
  cached_replies += more.cached_replies;
  untold += more.untold;
  untold_calls += more.untold_calls;
  beside += more.beside;
  beside_cost += more.beside_cost;
  largest = std::max(largest, more.largest);
  dearest = std::max(dearest, more.dearest);
  at_once = std::max(at_once, more.at_once);
  return *this;
}

void add_usage_event(const Json& event, Told& told) {
  const std::int64_t input = number_or(event, "input_tokens");
  const std::int64_t output = number_or(event, "output_tokens");
  told.largest = std::max(told.largest, input + output);
  if (flag(event, "cache_hit")) {
    told.cached_replies += input + output;
    return;
  }
  if (input + output == 0) return;
  told.dearest = std::max(told.dearest, amount_or(event, "cost"));
  const store::Used used{1, input, output, number_or(event, "cached_tokens"), amount_or(event, "cost")};
  told.used += used;
  if (flag(event, kCopied)) told.copied += used;
}

Told told_by(const History& history) {
  const auto compacted = compacted_in(history);
  Told told = compacted ? told_by(*compacted) : told_by_facts(history);
  for (const Record& record : history.records) {
    if (record.is("usage")) add_usage_event(record.body, told);
    if (record.fact) take_memory_fact(record, told);
  }
  return told;
}

Told told_by_facts(const History& history) {
  Told told;
  OpenRequests open;
  for (const Record& record : history.records) {
    if (record.fact) take_fact(record, open, told);
    if (record.fact && record.type.starts_with("team.")) told.leads = true;
  }
  open.lose_all(told);
  return told;
}

std::optional<RunLimits> limits_of(const Json& snapshot, const store::RunRow& row) {
  const std::string name = row.parent.empty() ? row.target : member_of(row.agent);
  for (const std::string_view section : {"agents", "teams", "chains"})
    if (auto found = limits_in(snapshot, section, name)) {
      const int times = lineage_of(row).granted;
      found->tokens *= times;
      found->cost *= times;
      return found;
    }
  return std::nullopt;
}

void check_spending(const store::RunRow& row, const Told& told, const std::optional<RunLimits>& limits,
                    RunFindings& findings) {
  const std::int64_t spent = row.input_tokens + row.output_tokens;
  if (row.finished() && !told.leads &&
      (spent < told.tokens() || spent > told.tokens() + told.cached_replies + told.untold))
    findings.add("I6", row.last_seq,
                 fmt::format("its row says {} tokens; its events tell of {}, and {} more may have been used",
                             spent, told.tokens(), told.cached_replies + told.untold),
                 "what the run used was added up wrongly");
  if (!limits) return;
  const std::int64_t together = std::max(limits->parallel, told.at_once);
  const std::int64_t most = limits->tokens + together * told.largest + told.beside;
  if (limits->tokens > 0 && spent > most)
    findings.add("I6", row.last_seq,
                 fmt::format("it used {} tokens; its limit is {}, which one response may pass (by {} here)",
                             spent, limits->tokens, most - limits->tokens),
                 "a limit did not hold");
  const double room = static_cast<double>(together) * told.dearest + told.beside_cost + kRounding;
  if (limits->cost > 0 && row.cost > limits->cost + room)
    findings.add("I6", row.last_seq,
                 fmt::format("it cost {}; its limit is {}, which one response may pass (by {} here)",
                             row.cost, limits->cost, room),
                 "a limit did not hold");
}

std::optional<Finding> check_ledger(const store::AuditReader::SessionFigures& session, const Told& told) {
  const store::Used& ledger = session.ledger;
  const std::int64_t has = ledger.input_tokens + ledger.output_tokens;
  Finding finding{.invariant = "I6", .session = session.row.id, .run = "", .seq = 0, .what = "", .means = ""};
  const std::int64_t tokens = told.tokens() - told.copied.input_tokens - told.copied.output_tokens;
  const std::int64_t calls = told.used.calls - told.copied.calls;
  const double cost = told.used.cost - told.copied.cost;
  const double rounding = kRounding * std::max(1.0, told.used.cost);
  if (has < tokens || ledger.calls < calls || ledger.cost < cost - rounding) {
    finding.what = fmt::format(
        "the ledger has {} calls, {} tokens, cost {:.6f}; events of the session tell of {}, {}, {:.6f}",
        ledger.calls, has, ledger.cost, calls, tokens, cost);
    finding.means = "budgets let more through than they should";
    return finding;
  }
  const bool dearer = told.untold == 0 && ledger.cost > cost + rounding;
  if (has > tokens + told.untold || ledger.calls > calls + told.untold_calls || dearer) {
    finding.what = fmt::format(
        "the ledger has {} calls, {} tokens, cost {:.6f}; the session accounts for {}, {}, {:.6f} at most",
        ledger.calls, has, ledger.cost, calls + told.untold_calls, tokens + told.untold, cost);
    finding.means = "budgets refuse what they should let through";
    return finding;
  }
  return std::nullopt;
}

}  // namespace troupe::agents
