#include "agents/chains/structure.h"

#include "agents/chains/placeholders.h"
#include "agents/chains/step_shape.h"
#include "runtime/base/suggest.h"
#include "tools/json_schema.h"
#include "tools/schema/pattern.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

using Kind = ChainStepKind;

class Structure {
 public:
  explicit Structure(const ChainSettings& chain) : chain_(chain) {}

  std::vector<ChainProblem> look() {
    std::set<std::string> known(chain_.inputs.begin(), chain_.inputs.end());
    known.insert({std::string(kInputPlaceholder), std::string(kMessagePlaceholder)});
    if (chain_.steps.empty()) add("steps", "there is none; a chain has at least one step");
    look_at(chain_.steps, "steps", std::move(known));
    if (!chain_.inputs.empty()) look_at_inputs();
    return std::move(found_);
  }

 private:
  void look_at(const std::vector<ChainStepSettings>& steps, const std::string& path,
               std::set<std::string> known) {
    bool passages = false;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const ChainStepSettings& step = steps[i];
      const std::string here = fmt::format("{}[{}]", path, i);
      const Kind* before = i == 0 ? nullptr : &steps[i - 1].kind;
      look_at(step, here, before, passages, known);
      if (step.kind == Kind::retrieve) passages = true;
      if (step.kind == Kind::combine || step.kind == Kind::parallel) passages = false;
      for (const ChainBranch& branch : step.parallel) define(branch.name, here + ".parallel", known);
      if (!step.name.empty()) define(step.name, here + ".name", known);
    }
    if (!steps.empty() && steps.back().kind == Kind::prompt)
      add(fmt::format("{}[{}]", path, steps.size() - 1),
          "a prompt that no model is asked with; add a step `model` after it");
  }

  void look_at(const ChainStepSettings& step, const std::string& here, const Kind* before, bool passages,
               const std::set<std::string>& known) {
    switch (step.kind) {
      case Kind::prompt:
        for (std::string& name : placeholders_of(step.system + "\n" + step.prompt))
          used_.insert(std::move(name));
        if (!chain_.inputs.empty()) look_at_placeholders(step, here, known);
        if (before && *before == Kind::prompt)
          add(here, "the prompt before it is asked of no model; put a step `model` between them");
        break;
      case Kind::parse:
        look_at_parser(step, here, before);
        break;
      case Kind::combine:
        if (!passages)
          add(here + ".combine",
              "no passages are retrieved before it; put a step `retrieve: NAME` in front of it");
        else if (*before != Kind::retrieve)
          add(here + ".combine",
              fmt::format("it follows a step `{}`; put it right after `retrieve`", word(*before)));
        break;
      case Kind::parallel:
        if (step.parallel.empty()) add(here + ".parallel", "there is no branch in it");
        for (const ChainBranch& branch : step.parallel) {
          const std::string path = fmt::format("{}.parallel.{}", here, branch.name);
          if (branch.steps.empty()) add(path, "the branch has no step");
          look_at(branch.steps, path, known);
        }
        break;
      case Kind::model:
      case Kind::retrieve:
      case Kind::rewrite:
        break;
    }
    const bool asks = step.kind == Kind::model || step.kind == Kind::combine || step.kind == Kind::rewrite;
    if (asks && model_of(step, chain_).empty())
      add(here, "names no model, and the chain has none; write `model: NAME` here or for the chain");
  }

  void look_at_parser(const ChainStepSettings& step, const std::string& here, const Kind* before) {
    if (!before)
      add(here + ".parse", "the first step cannot be a parser: there is no reply to read yet");
    else if (*before != Kind::model && *before != Kind::combine)
      add(here + ".parse", fmt::format("it reads the reply of a model, but follows a step `{}`; put it right "
                                       "after `model` or `combine`",
                                       word(*before)));
    if (step.parse == ParseAs::regex) look_at_pattern(step, here);
    if (step.parse != ParseAs::regex && (!step.pattern.empty() || step.group))
      add(here + (step.pattern.empty() ? ".group" : ".pattern"), "it is for `parse: regex`");
    if (step.parse == ParseAs::schema && step.schema.is_null())
      add(here, "`schema` is missing: write the JSON Schema that the reply must fit");
    if (step.parse != ParseAs::schema && !step.schema.is_null())
      add(here + ".schema", "it is for `parse: schema`");
    if (step.schema.is_null()) return;
    if (auto compiled = tools::JsonSchema::compile(step.schema); !compiled)
      add(here + ".schema", compiled.error().message);
  }

  void look_at_pattern(const ChainStepSettings& step, const std::string& here) {
    if (step.pattern.empty()) return add(here, "`pattern` is missing: write a regular expression");
    auto pattern = tools::Pattern::compile(step.pattern);
    if (!pattern) return add(here + ".pattern", pattern.error().message);
    if (step.group && *step.group > pattern->groups())
      add(here + ".group",
          fmt::format("the pattern has no group {}, the last one is {}", *step.group, pattern->groups()));
  }

  void look_at_placeholders(const ChainStepSettings& step, const std::string& here,
                            const std::set<std::string>& known) {
    for (auto [key, text] : {std::pair{"system", &step.system}, std::pair{"prompt", &step.prompt}})
      for (const std::string& name : placeholders_of(*text)) {
        if (known.contains(name)) continue;
        const std::vector<std::string> names(known.begin(), known.end());
        add(fmt::format("{}.{}", here, key),
            fmt::format("nothing is called {{{}}} here{}; it must be one of `inputs` or the name of a step "
                        "before",
                        name, did_you_mean(name, names)));
      }
  }

  void look_at_inputs() {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < chain_.inputs.size(); ++i) {
      const std::string& name = chain_.inputs[i];
      const std::string here = fmt::format("inputs[{}]", i);
      if (!seen.insert(name).second)
        add(here, fmt::format("`{}` is listed twice", name));
      else if (!used_.contains(name))
        add(here, fmt::format("no prompt has {{{}}}; use it, or take it out here", name));
    }
  }

  void define(const std::string& name, const std::string& where, std::set<std::string>& known) {
    if (!known.insert(name).second)
      add(where, fmt::format("`{}` is the name of an input or of a step before; take another one", name));
  }

  void add(std::string key, std::string text) { found_.push_back({std::move(key), std::move(text)}); }

  const ChainSettings& chain_;
  std::set<std::string> used_;
  std::vector<ChainProblem> found_;
};

}  // namespace

std::vector<ChainProblem> structure_problems(const ChainSettings& chain) {
  return Structure(chain).look();
}

}  // namespace troupe::agents
