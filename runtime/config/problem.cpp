#include "runtime/config/problem.h"

#include "runtime/base/limits.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace troupe::config {

int Sources::add(std::string name, std::string folder) {
  files_.push_back({std::move(name), std::move(folder)});
  return static_cast<int>(files_.size()) - 1;
}

std::string Sources::point(Place place) const {
  return fmt::format("{}:{}:{}", name(place.file), place.line, place.column);
}

std::string render(const Problem& problem) {
  return fmt::format("{}:{}:{}: {}: {}", problem.file, problem.line, problem.column,
                     problem.severity == Severity::error ? "error" : "warning", problem.text);
}

void Problems::add(Severity severity, Place place, std::string text) {
  if (severity == Severity::error) ++errors_;
  if (entries_.size() < limits::kConfigProblems)
    entries_.push_back({severity, place, std::move(text), entries_.size()});
  else
    ++dropped_;
}

std::vector<Problem> Problems::take(const Secrets& secrets) {
  auto place = [](const Entry& e) { return std::tie(e.place.file, e.place.line, e.place.column); };
  auto by_text = [&](const Entry& a, const Entry& b) {
    return std::tuple(place(a), std::tie(a.text, a.order)) < std::tuple(place(b), std::tie(b.text, b.order));
  };
  auto by_order = [&](const Entry& a, const Entry& b) {
    return std::tuple(place(a), a.order) < std::tuple(place(b), b.order);
  };
  auto same = [&](const Entry& a, const Entry& b) { return place(a) == place(b) && a.text == b.text; };
  // An alias can bring the same mistake to the same place many times.
  std::sort(entries_.begin(), entries_.end(), by_text);
  entries_.erase(std::unique(entries_.begin(), entries_.end(), same), entries_.end());
  std::sort(entries_.begin(), entries_.end(), by_order);

  std::vector<Problem> problems;
  problems.reserve(entries_.size() + 1);
  for (const Entry& e : entries_)
    problems.push_back(
        {e.severity, sources_.name(e.place.file), e.place.line, e.place.column, redact(e.text, secrets)});
  if (dropped_ > 0)
    problems.push_back({Severity::error, sources_.name(0), 1, 1,
                        fmt::format("{} further problems are not shown", dropped_)});
  entries_.clear();
  return problems;
}

}  // namespace troupe::config
