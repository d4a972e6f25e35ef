#include "agents/chains/step_shape.h"

#include "agents/chains/limits.h"
#include "agents/chains/placeholders.h"
#include "memory/knowledge/search/limits.h"
#include "runtime/config/collections.h"
#include "runtime/config/json_value.h"
#include "runtime/config/record.h"
#include "runtime/config/scalars.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

using config::Record;
using Step = ChainStepSettings;
using Steps = std::vector<ChainStepSettings>;

// `combine` stands before `model`, which is one of its keys, too.
constexpr std::pair<ChainStepKind, std::string_view> kKinds[] = {
    {ChainStepKind::prompt, "prompt"},     {ChainStepKind::parse, "parse"},
    {ChainStepKind::retrieve, "retrieve"}, {ChainStepKind::rewrite, "rewrite"},
    {ChainStepKind::combine, "combine"},   {ChainStepKind::model, "model"},
    {ChainStepKind::parallel, "parallel"}};

std::string name_problem(std::string_view name) {
  if (!is_placeholder_name(name)) return "a name is letters, digits and `_`, so that a prompt can say {name}";
  if (name == kInputPlaceholder || name == kMessagePlaceholder)
    return fmt::format("every prompt has a {{{}}} already; take another name", name);
  return "";
}

void add_name(Record<Step>& step) {
  step.field("name", &Step::name,
             config::line({.expected = "a name", .bytes_max = limits::kNameBytes, .check = name_problem}),
             "later prompts have the output of this step as {name}");
}

// The name of a model; without one it is the chain's.
class ModelShape final : public config::Shape<std::string> {
 public:
  void read(const config::Node& node, std::string& name, config::Reader& reader) const override {
    if (node.kind == config::Node::Kind::null)
      name.clear();
    else
      named_->read(node, name, reader);
  }
  Json show(const std::string& name) const override {
    return name.empty() ? Json(nullptr) : named_->show(name);
  }
  Json schema() const override {
    Json schema = named_->schema();
    if (find(schema, "type")) schema["type"] = Json::array({schema["type"], "null"});
    return schema;
  }

 private:
  config::ShapePtr<std::string> named_ = config::reference("models", "model");
};

config::ShapePtr<std::string> model() {
  return std::make_shared<ModelShape>();
}

Record<Step> prompt() {
  Record<Step> step(
      "A prompt: {name} is an input or what an earlier step is called, {input} the output of the "
      "step before, {message} the message of the run");
  step.field("prompt", &Step::prompt, config::text({.expected = "a prompt"}), "what the model is asked");
  step.field("prompt_file", &Step::prompt_file, config::path(config::There::file),
             "the same, read from a file");
  step.field("system", &Step::system, config::text({.expected = "a system message"}),
             "the system message, with placeholders, too");
  step.check([](const Step& one, config::Check& check) {
    if (one.prompt.empty() == one.prompt_file.empty())
      check.error("prompt", "write either `prompt` or `prompt_file`");
  });
  return step;
}

Record<Step> ask() {
  Record<Step> step("Asks a model with what the step before gave");
  step.field("model", &Step::model, model(), "the name of an entry of `models`; without a value the chain's")
      .required();
  return step;
}

Record<Step> parse() {
  Record<Step> step("Reads the reply of the model before it");
  step.field("parse", &Step::parse,
             config::one_of<ParseAs>(
                 {{{"json", "any JSON value"},
                   {"list", "a list of texts: JSON, marked or numbered lines, or commas"},
                   {"lines", "its lines, without blank ones"},
                   {"regex", "what a pattern, or a group of it, matches"},
                   {"schema", "JSON that fits a JSON Schema"}},
                  {}},
                 {ParseAs::json, ParseAs::list, ParseAs::lines, ParseAs::regex, ParseAs::schema}),
             "as what")
      .required();
  step.field("pattern", &Step::pattern,
             config::text({.expected = "a regular expression", .bytes_max = 4'096}), "of `regex`");
  step.field("group", &Step::group, config::maybe(config::integer<int>(0, 99)),
             "of `regex`: which group of the match; without it the first, or all of it where there is none");
  step.field("schema", &Step::schema, config::json_object("a JSON Schema"), "of `schema`");
  step.field("retries", &Step::retries, config::maybe(config::integer<int>(0, limits::kChainRetries)),
             "how often the model is told what was wrong with its reply; without it the chain's");
  return step;
}

Record<Step> retrieve() {
  using memory::SearchMode;
  using memory::SearchOverrides;
  Record<Step> step("Searches a knowledge base with what the step before gave");
  step.field("retrieve", &Step::knowledge, config::reference("knowledge", "knowledge base"),
             "the name of an entry of `knowledge`")
      .required();
  const std::vector<SearchMode> modes{SearchMode::similarity, SearchMode::keyword, SearchMode::hybrid,
                                      SearchMode::mmr, SearchMode::threshold};
  auto sub = [&step]<class M>(const char* key, M SearchOverrides::* member, config::ShapePtr<M> shape,
                              const char* about) {
    class Inner final : public config::Shape<SearchOverrides> {
     public:
      Inner(M SearchOverrides::* at, config::ShapePtr<M> inner) : at_(at), inner_(std::move(inner)) {}
      void read(const config::Node& node, SearchOverrides& value, config::Reader& reader) const override {
        inner_->read(node, value.*at_, reader);
      }
      Json show(const SearchOverrides& value) const override { return inner_->show(value.*at_); }
      Json schema() const override { return inner_->schema(); }

     private:
      M SearchOverrides::* at_;
      config::ShapePtr<M> inner_;
    };
    step.field(key, &Step::search,
               config::ShapePtr<SearchOverrides>(std::make_shared<Inner>(member, std::move(shape))), about);
  };
  sub("mode", &SearchOverrides::mode,
      config::maybe(config::one_of<SearchMode>({{{"similarity", "the nearest by meaning"},
                                                 {"keyword", "the best by words"},
                                                 {"hybrid", "both"},
                                                 {"mmr", "relevant and unlike each other"},
                                                 {"threshold", "near enough by meaning"}},
                                                {}},
                                               modes)),
      "instead of the base's own");
  sub("k", &SearchOverrides::k, config::maybe(config::integer<std::size_t>(1, limits::kSearchHits)),
      "passages, at most");
  sub("fetch_k", &SearchOverrides::fetch_k,
      config::maybe(config::integer<std::size_t>(1, limits::kSearchCandidates)),
      "candidates that mmr, hybrid and rerank choose from");
  sub("lambda", &SearchOverrides::lambda, config::maybe(config::number(0, 1)), "of mmr: 1 is relevance only");
  sub("min_score", &SearchOverrides::min_score, config::maybe(config::number(-1, 1)),
      "of threshold: a cosine similarity");
  sub("document", &SearchOverrides::document, config::line({.expected = "an id or a source"}),
      "only this document");
  step.field("filter", &Step::filter, config::json_object("a filter"),
             "only passages with these metadata, beside the base's own filter");
  step.check([](const Step& one, config::Check& check) {
    if (one.filter.is_null()) return;
    if (auto read = memory::Filter::parse(one.filter); !read) check.error("filter", read.error().message);
  });
  return step;
}

Record<Step> rewrite() {
  Record<Step> step("Makes a follow-up question one that is understood without the conversation before it");
  step.field("rewrite", &Step::model, model(), "the model that does; without a value the chain's").required();
  return step;
}

Record<Step> combine() {
  Record<Step> step("Answers from the passages of the `retrieve` before it, with citations");
  step.field("combine", &Step::combine,
             config::one_of<CombineBy>(
                 {{{"stuff", "one call with as many passages as fit"},
                   {"map_reduce", "notes on all parts at once, then an answer from the notes"},
                   {"refine", "an answer from the first part, made better with each further one"}},
                  {}},
                 {CombineBy::stuff, CombineBy::map_reduce, CombineBy::refine}),
             "how")
      .required();
  step.field("model", &Step::model, model(), "the name of an entry of `models`; without it the chain's");
  step.field("instructions", &Step::instructions, config::text({.expected = "instructions"}),
             "how the answer is to be");
  step.field("passages", &Step::passages, config::integer<int>(0, 200),
             "how many passages one call reads at most; 0: as many as fit into the model's context");
  return step;
}

config::ShapePtr<Steps> steps_shape(bool branches);

/// `parallel: { pro: [ … ], contra: [ … ] }`, in the order of the file.
class BranchesShape final : public config::Shape<std::vector<ChainBranch>> {
 public:
  void read(const config::Node& node, std::vector<ChainBranch>& branches,
            config::Reader& reader) const override {
    if (!config::is_map(node, reader, "a map of lists of steps, by the names of the branches")) return;
    if (node.members.size() > limits::kChainBranches)
      return reader.error(node.place, fmt::format("has {} branches; at most {} are read", node.members.size(),
                                                  limits::kChainBranches));
    branches.clear();
    for (const config::Member& member : node.members) {
      config::Reader::Inside inside(reader, member.key);
      if (std::string problem = name_problem(member.key); !problem.empty())
        reader.error(member.place, problem);
      branches.push_back({member.key, {}});
      steps_->read(member.value, branches.back().steps, reader);
    }
  }
  Json show(const std::vector<ChainBranch>& branches) const override {
    Json map = Json::object();
    for (const ChainBranch& branch : branches) map[branch.name] = steps_->show(branch.steps);
    return map;
  }
  Json schema() const override { return config::map_schema(steps_->schema()); }

 private:
  config::ShapePtr<Steps> steps_ = steps_shape(false);
};

Record<Step> parallel() {
  Record<Step> step("Branches that run at once; the output is an object with what each gave");
  step.field("parallel", &Step::parallel,
             config::ShapePtr<std::vector<ChainBranch>>(std::make_shared<BranchesShape>()),
             "steps by the names of the branches; later prompts have {name} of each")
      .required();
  return step;
}

class StepShape final : public config::Shape<Step> {
 public:
  explicit StepShape(bool branches) {
    for (auto [kind, name] : kKinds)
      if (branches || kind != ChainStepKind::parallel) {
        Record<Step> record = record_of(kind);
        add_name(record);
        kinds_.emplace_back(kind, std::move(record));
      }
    for (auto& [kind, record] : kinds_) {
      if (!branches) record.advise("parallel", "a branch has no branches of its own");
      advise(record);
    }
  }

  void read(const config::Node& node, Step& step, config::Reader& reader) const override {
    if (node.kind != config::Node::Kind::map)
      return reader.wrong_kind(node, fmt::format("a step: a map with one of {}", words()));
    for (const auto& [kind, record] : kinds_) {
      const bool from_file = kind == ChainStepKind::prompt && node.find("prompt_file");
      if (!node.find(word(kind)) && !from_file) continue;
      step.kind = kind;
      return record.read(node, step, reader);
    }
    const auto problem = node.find("parallel")
                             ? std::string("a branch has no branches of its own")
                             : fmt::format("says not what it does; it needs one of {}", words());
    reader.error(node.place, problem);
  }

  Json show(const Step& step) const override {
    Json shown = Json::object();
    for (const auto& [kind, record] : kinds_) {
      if (kind != step.kind) continue;
      if (kind == ChainStepKind::model || kind == ChainStepKind::rewrite)
        shown[std::string(word(kind))] = nullptr;  // there also without a value
      for (const auto& [key, value] : record.show(step).items()) shown[key] = value;
    }
    return shown;
  }

  Json schema() const override {
    Json kinds = Json::array();
    for (const auto& [kind, record] : kinds_) {
      Json one = {{"title", word(kind)}};
      one.update(record.schema());
      kinds.push_back(std::move(one));
    }
    return {{"anyOf", std::move(kinds)}};
  }

 private:
  static Record<Step> record_of(ChainStepKind kind) {
    switch (kind) {
      case ChainStepKind::prompt:
        return prompt();
      case ChainStepKind::model:
        return ask();
      case ChainStepKind::parse:
        return parse();
      case ChainStepKind::retrieve:
        return retrieve();
      case ChainStepKind::rewrite:
        return rewrite();
      case ChainStepKind::combine:
        return combine();
      case ChainStepKind::parallel:
        break;
    }
    return parallel();
  }

  // Keys of other steps are not unknown, only out of place. The first advice for a key stands.
  void advise(Record<Step>& record) const {
    const auto& own = record.keys().known;
    const auto is_own = [&](const std::string& key) {
      return std::ranges::find(own, key, &config::Key::name) != own.end();
    };
    for (const auto& [kind, other] : kinds_)
      if (!is_own(std::string(word(kind))))
        record.advise(std::string(word(kind)), "a step does one thing; write this as a step of its own");
    for (const auto& [kind, other] : kinds_)
      for (const config::Key& key : other.keys().known)
        if (!is_own(key.name)) record.advise(key.name, fmt::format("it belongs to a step `{}`", word(kind)));
  }

  std::string words() const {
    std::vector<std::string> names;
    for (const auto& [kind, record] : kinds_) names.emplace_back(word(kind));
    return config::enumerate(names);
  }

  std::vector<std::pair<ChainStepKind, Record<Step>>> kinds_;
};

config::ShapePtr<Steps> steps_shape(bool branches) {
  return config::list_of<Step>(std::make_shared<StepShape>(branches), "a list of steps", limits::kChainSteps);
}

}  // namespace

std::string_view word(ChainStepKind kind) {
  for (auto [known, name] : kKinds)
    if (known == kind) return name;
  return "";
}

config::ShapePtr<Steps> chain_steps_shape() {
  return steps_shape(true);
}

}  // namespace troupe::agents
