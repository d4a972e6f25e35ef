#include "agents/forks/copy.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace troupe::agents {

namespace {

bool in_id(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

const std::string& NewNames::name(const std::string& old, std::string_view prefix) {
  auto [known, fresh] = names_.try_emplace(old);
  if (fresh) known->second = make_id(prefix, wall_ms_, rng_);
  return known->second;
}

// Looks at what may be an id, whole: "r_" or "s_" and what follows of letters and digits.
std::string NewNames::in(std::string_view text) const {
  std::string out;
  out.reserve(text.size());
  std::size_t done = 0;
  for (std::size_t at = text.find('_'); at != text.npos; at = text.find('_', at + 1)) {
    if (at == 0 || (text[at - 1] != 'r' && text[at - 1] != 's') || at - 1 < done) continue;
    std::size_t end = at + 1;
    while (end < text.size() && in_id(text[end])) ++end;
    const auto known = names_.find(text.substr(at - 1, end - at + 1));
    if (known == names_.end()) continue;
    out += text.substr(done, at - 1 - done);
    out += known->second;
    done = end;
  }
  out += text.substr(done);
  return out;
}

Event event_of(const PastEvent& past) {
  Event event{.type = past.type, .step = past.step};
  auto json = parse_json(past.text);
  if (!json) return event;  // the journal rendered it
  event.session = string_or(*json, "session");
  event.run = string_or(*json, "run");
  event.agent = string_or(*json, "agent");
  event.parent = string_or(*json, "parent");
  for (const char* known : {"type", "seq", "ts", "session", "run", "agent", "step", "parent"})
    json->erase(known);
  event.fields = std::move(*json);
  return event;
}

store::Append copy_of(std::vector<PastTree> trees, NewNames& names, const std::string& session) {
  for (const PastTree& tree : trees)
    for (const PastRun& run : tree.runs) (void)names.name(run.row.id, "r_");
  store::Append append;
  std::vector<PastEvent> events;
  for (PastTree& tree : trees) {
    for (PastRun& run : tree.runs) {
      for (store::Fact& fact : run.facts) {
        if (fact.kind == "memory.intent" || fact.kind == "memory.used")
          continue;  // calls that were made there
        fact.run = names.name(fact.run, "r_");
        fact.body = names.in(fact.body);
        append.facts.push_back(std::move(fact));
      }
      std::ranges::move(run.events, std::back_inserter(events));
      store::RunRow& row = run.row;
      row.id = names.name(row.id, "r_");
      row.session = session;
      if (!row.parent.empty()) row.parent = names.name(row.parent, "r_");
      // As in the events that tell of it.
      for (std::string* text : {&row.message_id, &row.input, &row.answer, &row.extra})
        *text = names.in(*text);
      row.first_seq = row.last_seq = 0;
      const bool last = &tree == &trees.back() && &run == &tree.runs.front();
      last ? void(append.run = std::move(row)) : append.others.push_back(std::move(row));
    }
  }
  std::ranges::sort(events, {}, &PastEvent::seq);
  for (PastEvent& event : events) {
    event.text = names.in(event.text);
    append.events.push_back(event_of(event));
    append.events.back().session = session;
    append.events.back().fields[kCopied] = true;  // it was used, and paid for, once
  }
  return append;
}

}  // namespace troupe::agents
