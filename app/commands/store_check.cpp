#include "agents/check/store_check.h"

#include "app/commands/command.h"
#include "app/commands/store.h"
#include "app/progress_bar.h"
#include "app/talk/printer.h"
#include "runtime/base/clock.h"
#include "runtime/store/journal.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <unistd.h>

#include <fmt/format.h>

namespace troupe::app {

namespace {

Json as_json(const agents::Finding& finding) {
  Json json = {{"invariant", finding.invariant}};
  if (!finding.session.empty()) json["session"] = finding.session;
  if (!finding.run.empty()) json["run"] = finding.run;
  if (finding.seq > 0) json["seq"] = finding.seq;
  json["what"] = finding.what;
  json["means"] = finding.means;
  return json;
}

std::string as_text(const agents::Finding& finding) {
  std::string place;
  if (!finding.run.empty()) place += fmt::format("run {}, ", finding.run);
  if (!finding.session.empty()) place += fmt::format("session {}, ", finding.session);
  if (finding.seq > 0) place += fmt::format("seq {}, ", finding.seq);
  if (!place.empty()) place.replace(place.size() - 2, 2, ": ");
  return fmt::format("{}: {}{}; {}", finding.invariant, place, finding.what, finding.means);
}

Json as_json(const agents::CheckReport& report) {
  Json unfinished = Json::object();
  for (const auto& [action, count] : report.unfinished) unfinished[std::string(word(action))] = count;
  return {{"records", report.records},          {"runs", report.runs},
          {"sessions", report.sessions},        {"texts", report.blobs},
          {"findings", report.findings},        {"damaged", report.damaged},
          {"unfinished", std::move(unfinished)}};
}

void print(const agents::CheckReport& report, double seconds) {
  fmt::print("{} records, {} runs, {} sessions and {} texts in {:.1f} s: {}\n", report.records, report.runs,
             report.sessions, report.blobs, seconds,
             report.findings == 0 ? "nothing found" : fmt::format("{} found", report.findings));
  for (const auto& [action, count] : report.unfinished)
    fmt::print("{} unfinished run{} that {} at the next start\n", count, count == 1 ? "" : "s", word(action));
}

}  // namespace

int store_check(const StoreOptions& options) {
  const auto folder = store_folder(options);
  if (!folder) return kUsage;
  auto reader = store::AuditReader::open(*folder);
  if (!reader) {
    complain(reader.error().message);
    return kStore;
  }
  SystemClock clock;
  ProgressBar bar(clock);
  const bool terminal = isatty(STDOUT_FILENO);
  const auto found = [&](const agents::Finding& finding) {
    bar.clear();
    const std::string text = options.json ? dump(as_json(finding)) : as_text(finding);
    fmt::print("{}\n", terminal && !options.json ? printable(text) : text);
  };
  const auto progress = [&bar](const agents::CheckProgress& at) {
    bar.show(false, [&at](std::size_t) {
      const auto total = static_cast<std::size_t>(std::max(at.done, at.total));
      return fmt::format("{} {} {}", bar_text(static_cast<std::size_t>(at.done), total), at.stage, at.done);
    });
  };
  const Instant began = clock.now();
  const bool beside = store::StoreLock::holder(*folder).has_value();
  auto report =
      agents::check_store(*reader, {.beside = beside, .every_beginning = options.deep}, found, progress);
  bar.clear();
  if (!report) {
    complain(report.error().message);
    return kStore;
  }
  if (options.json)
    fmt::print("{}\n", dump(as_json(*report)));
  else
    print(*report, std::chrono::duration<double>(clock.now() - began).count());
  if (report->damaged) return kStore;
  return report->findings == 0 ? kDone : kFailed;
}

}  // namespace troupe::app
