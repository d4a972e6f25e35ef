#include "tests/e2e/team_trace.h"

#include "tests/e2e/conversation_check.h"
#include "tests/fakes/chat_client.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace troupe::e2e {

namespace {

std::string line_of(const Json& event) {
  const std::string type = string_or(event, "type");
  const std::string agent = string_or(event, "agent");
  if (type == "message") {
    const Json* data = find(event, "data");
    const std::string status = data ? string_or(*data, "status") : "";
    return fmt::format("{} > {} {}{}{}", string_or(event, "from"), string_or(event, "to"),
                       string_or(event, "kind"), status.empty() ? "" : " ", status);
  }
  if (type == "run.started") return agent + " started";
  if (type == "run.finished")
    return fmt::format("{} finished {} {}", agent, string_or(event, "status"), string_or(event, "reason"));
  if (type == "observation")
    return fmt::format("{} observation {} {}", agent, string_or(event, "tool"),
                       event.value("ok", false) ? "ok" : "failed");
  if (type == "action") return fmt::format("{} action {}", agent, string_or(event, "tool"));
  if (type == "warning") return fmt::format("{} warning {}", agent, string_or(event, "code"));
  if (type == "handoff")
    return fmt::format("{} handoff {} > {}", agent, string_or(event, "from"), string_or(event, "to"));
  return agent + " " + type;
}

/// What a line is about.
struct Place {
  std::string lane;             ///< the member at work; "": the team itself
  std::vector<std::string> of;  ///< all members that have to do with it
  bool task = false;
  bool reply = false;
};

Place place_of(std::string_view line) {
  const std::size_t blank = line.find(' ');
  const std::string from(line.substr(0, blank));
  Place place;
  std::string to;
  if (line.substr(blank).starts_with(" > ")) {
    std::string_view rest = line.substr(blank + 3);
    to = rest.substr(0, rest.find(' '));
    place.reply = rest.substr(to.size()).starts_with(" reply");
    place.task = !place.reply;
  }
  for (const std::string& one : {from, to})
    if (one.contains('/')) place.of.push_back(one);
  const std::string& worker = place.task ? to : from;
  if (worker.contains('/')) place.lane = worker;
  return place;
}

bool in_order(const Place& before, const Place& after) {
  if (before.of.empty() || after.of.empty()) return true;
  if ((before.reply && after.task) || (before.task && after.reply)) return true;
  return std::ranges::find_first_of(before.of, after.of) != before.of.end();
}

}  // namespace

Trace operator+(Trace a, const Trace& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Trace trace_of(const std::vector<Json>& frames) {
  Trace trace;
  for (const Json& frame : frames)
    if (find(frame, "seq")) trace.push_back(line_of(frame));
  return trace;
}

Trace turn(const std::string& team, const std::string& member) {
  const std::string address = team + "/" + member;
  return {team + " > " + address + " task",
          address + " started",
          address + " thought",
          address + " answer",
          address + " usage",
          address + " finished done final_answer",
          address + " > " + team + " reply done"};
}

std::string lane_of(std::string_view line) {
  return place_of(line).lane;
}

Trace ends_of_open(const Trace& trace, const std::string& end) {
  Trace open;
  std::map<std::string, std::string> asked_by;
  for (const std::string& line : trace) {
    const Place place = place_of(line);
    const std::string agent = line.substr(0, line.find(' '));
    if (place.task) asked_by[place.lane] = agent;
    if (line == agent + " started") open.push_back(agent);
    if (line.starts_with(agent + " finished")) std::erase(open, agent);
  }
  Trace ends;
  for (std::size_t at = open.size(); at-- > 1;) {
    const std::string status = end.substr(0, end.find(' '));
    ends.push_back(fmt::format("{} finished {}", open[at], end));
    ends.push_back(fmt::format("{} > {} reply {}", open[at], asked_by[open[at]], status));
    if (asked_by[open[at]].contains('/'))  // a colleague, not a team
      ends.push_back(asked_by[open[at]] + " observation delegate failed");
  }
  return ends;
}

Trace in_normal_order(Trace trace) {
  std::vector<Place> places;
  for (const std::string& line : trace) places.push_back(place_of(line));
  Trace ordered;
  while (!trace.empty()) {
    std::size_t best = 0;
    for (std::size_t at = 1; at < trace.size(); ++at) {
      const auto free = [&](const Place& earlier) { return !in_order(earlier, places[at]); };
      if (places[at].lane < places[best].lane &&
          std::all_of(places.begin(), places.begin() + static_cast<long>(at), free))
        best = at;
    }
    ordered.push_back(std::move(trace[best]));
    trace.erase(trace.begin() + static_cast<long>(best));
    places.erase(places.begin() + static_cast<long>(best));
  }
  return ordered;
}

std::string told(Trace trace) {
  std::string text;
  for (const std::string& line : in_normal_order(std::move(trace))) text += "\n" + line;
  return text;
}

void check_whole(const std::vector<Json>& frames) {
  const auto seqs = fakes::seqs_of(frames);
  REQUIRE_FALSE(seqs.empty());
  check_gap_free(seqs, seqs.front());
  std::map<std::string, int> started;
  std::map<std::string, int> finished;
  std::map<std::string, Json> tasks;
  std::set<std::string> replied;
  std::int64_t tokens = 0;
  std::string root;
  Json last;
  for (const Json& frame : frames) {
    if (!find(frame, "seq")) continue;
    INFO(dump(frame));
    const std::string type = string_or(frame, "type");
    const std::string run = string_or(frame, "run");
    last = frame;
    CHECK(finished[run] == 0);
    if (type == "run.started") {
      CHECK(++started[run] == 1);
      const std::string parent = string_or(frame, "parent");
      if (root.empty()) root = run;
      CHECK((run == root ? parent.empty() : started[parent] == 1 && finished[parent] == 0));
    } else if (type == "message") {
      const Json* to = find(frame, "reply_to");
      if (!to) {
        CHECK(tasks.emplace(string_or(frame, "id"), frame).second);
      } else {
        CHECK(replied.insert(to->get<std::string>()).second);
        REQUIRE(tasks.contains(*to));
        CHECK(frame["from"] == tasks[*to]["to"]);
        CHECK(frame["to"] == tasks[*to]["from"]);
      }
    } else if (type != "run.queued") {  // before its daemon had taken up what there was
      CHECK(started[run] == 1);
    }
    if (type == "usage")
      tokens += frame["input_tokens"].get<std::int64_t>() + frame["output_tokens"].get<std::int64_t>();
    if (type == "run.finished") ++finished[run];
  }
  for (const auto& [run, times] : started) CHECK(finished[run] == times);
  CHECK(string_or(last, "type") == "run.finished");
  CHECK(string_or(last, "run") == root);
  CHECK(last["input_tokens"].get<std::int64_t>() + last["output_tokens"].get<std::int64_t>() == tokens);
}

}  // namespace troupe::e2e
