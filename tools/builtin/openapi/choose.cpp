#include "runtime/base/suggest.h"
#include "tools/builtin/http/allowed_hosts.h"
#include "tools/builtin/openapi/document.h"
#include "tools/builtin/openapi/openapi_tool.h"
#include "tools/names.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace troupe::tools::openapi {

namespace {

constexpr std::size_t kOperationsMax = 128;  // of one section: more than models can choose among

bool among(const std::vector<std::string>& list, const std::string& one) {
  return std::ranges::find(list, one) != list.end();
}

class Choosing {
 public:
  Choosing(const ToolSettings& settings, Chosen& into) : settings_(settings), chosen_(into) {}

  void from(std::vector<Operation> all) {
    look_up(all);
    for (Operation& operation : all)
      if (wanted(operation)) take(std::move(operation));
    if (chosen_.operations.empty() && chosen_.problems.empty())
      problem("document", chosen_.passed_over.empty()
                              ? "none of its operations is chosen by `operations`, `tags` and `methods`"
                              : "no tool can be made of it: " + chosen_.passed_over.front());
    if (chosen_.operations.size() > kOperationsMax)
      problem("document", fmt::format("gives {} tools; choose at most {} of them by `operations` or `tags`",
                                      chosen_.operations.size(), kOperationsMax));
  }

  bool wanted(const Operation& operation) const {
    const bool tagged =
        settings_.tags.empty() || std::ranges::any_of(operation.tags, [&](const std::string& tag) {
          return among(settings_.tags, tag);
        });
    return tagged && (settings_.operations.empty() || among(settings_.operations, operation.id)) &&
           (settings_.methods.empty() || among(settings_.methods, operation.method));
  }

 private:
  void problem(std::string field, std::string text) {
    chosen_.problems.push_back({std::move(field), std::move(text)});
  }

  // What is named must be there.
  void look_up(const std::vector<Operation>& all) {
    std::vector<std::string> ids;
    std::set<std::string> tags;
    for (const Operation& operation : all) {
      ids.push_back(operation.id);
      tags.insert(operation.tags.begin(), operation.tags.end());
    }
    const std::vector<std::string> known_tags(tags.begin(), tags.end());
    for (std::size_t i = 0; i < settings_.operations.size(); ++i)
      if (!among(ids, settings_.operations[i]))
        problem(fmt::format("operations[{}]", i),
                fmt::format("the document has no operation `{}`{}", settings_.operations[i],
                            did_you_mean(settings_.operations[i], ids)));
    for (std::size_t i = 0; i < settings_.tags.size(); ++i)
      if (!among(known_tags, settings_.tags[i]))
        problem(fmt::format("tags[{}]", i), fmt::format("the document has no tag `{}`{}", settings_.tags[i],
                                                        did_you_mean(settings_.tags[i], known_tags)));
  }

  void take(Operation operation) {
    if (!settings_.base_url.empty()) operation.server = settings_.base_url;
    if (operation.obstacle.empty() && !operation.server.starts_with("https://") &&
        !operation.server.starts_with("http://"))
      return problem("base_url",
                     fmt::format("is missing: the document does not say where `{}` is served, only "
                                 "`{}`",
                                 operation.id, operation.server));
    if (operation.obstacle.empty()) {
      chosen_.names.push_back(names_.next(operation.id));
      chosen_.operations.push_back(std::move(operation));
      return;
    }
    const std::string why = fmt::format("`{}`: {}", operation.id, operation.obstacle);
    if (settings_.operations.empty())
      chosen_.passed_over.push_back(why);
    else
      problem("operations", why);
  }

  const ToolSettings& settings_;
  Chosen& chosen_;
  PartNames names_{settings_.name};
};

}  // namespace

Chosen choose(const ToolSettings& settings, std::string_view text) {
  Chosen chosen;
  const auto document = read_document(text);
  Choosing choosing(settings, chosen);
  auto operations =
      document ? read_operations(*document, [&](const Operation& one) { return choosing.wanted(one); })
               : fail(document.error());
  if (!operations) {
    chosen.problems.push_back({"document", operations.error().message});
    return chosen;
  }
  choosing.from(std::move(*operations));
  std::map<std::string, std::string> given;
  for (const auto& [name, value] : settings.security) given.emplace(name, value.text);
  auto credentials = read_credentials(*document, given);
  if (credentials)
    chosen.credentials = std::move(*credentials);
  else
    chosen.problems.push_back({"security", credentials.error().message});
  if (auto hosts = AllowedHosts::make(settings.allow_hosts); !hosts)
    chosen.problems.push_back({"allow_hosts", hosts.error().message});
  return chosen;
}

}  // namespace troupe::tools::openapi
