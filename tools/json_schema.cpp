#include "tools/json_schema.h"

#include <algorithm>
#include <exception>

#include <fmt/format.h>
// Not strict enough for our warnings.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>
#pragma clang diagnostic pop

#include "tools/schema/repair.h"

namespace troupe::tools {

namespace {

using json = nlohmann::json;

constexpr std::size_t kSchemaBytes = 256u << 10;
constexpr std::size_t kApplicationsMax = 50'000;  // of a schema to a value, in one check
constexpr std::size_t kProblemsMax = 12;
constexpr char kOurs = '\x01';  // marks our messages among valijson's

struct TooMuchWork {};

/// One check under way: what the rules, which valijson calls, need to know.
struct Run {
  const json* value = nullptr;
  std::size_t applications = 0;
};

// valijson's context: "<root>", then "[name]" or "[0]" for each step down.
const json* at_context(const json& root, const std::vector<std::string>& context) {
  const json* at = &root;
  for (std::size_t i = 1; i < context.size(); ++i) {
    const std::string step = context[i].substr(1, context[i].size() - 2);
    if (at->is_object()) {
      const auto member = at->find(step);
      if (member == at->end()) return nullptr;
      at = &*member;
    } else if (at->is_array()) {
      const std::size_t index = static_cast<std::size_t>(std::stoul(step));
      if (index >= at->size()) return nullptr;
      at = &(*at)[index];
    } else {
      return nullptr;
    }
  }
  return at;
}

std::string pointer_of(const std::vector<std::string>& context) {
  std::string pointer;
  for (std::size_t i = 1; i < context.size(); ++i)
    append_pointer(pointer, std::string_view(context[i]).substr(1, context[i].size() - 2));
  return pointer;
}

/// Hangs a rule list into valijson's tree of constraints.
class RuleConstraint final : public valijson::constraints::PolyConstraint {
 public:
  RuleConstraint(const std::vector<Rule>& rules, Run& run) : rules_(rules), run_(run) {}

  bool validate(const valijson::adapters::Adapter&, const std::vector<std::string>& context,
                valijson::ValidationResults* results) const override {
    run_.applications += 1 + context.size() / 8;  // valijson copies the context at each step
    if (run_.applications > kApplicationsMax) throw TooMuchWork{};
    if (rules_.empty()) return true;
    const json* value = at_context(*run_.value, context);
    if (!value) return true;
    std::vector<Violation> found;
    for (const Rule& rule : rules_) {
      rule(*value, found);
      if (!found.empty() && !results) return false;
    }
    for (const Violation& violation : found)
      results->pushError(context, fmt::format("{}{}\n{}", kOurs, violation.pointer, violation.text));
    return found.empty();
  }

 private:
  valijson::constraints::Constraint* cloneInto(void* memory) const override {
    return new (memory) RuleConstraint(*this);
  }
  std::size_t sizeOf() const override { return sizeof(RuleConstraint); }

  const std::vector<Rule>& rules_;
  Run& run_;
};

class RuleBuilder final : public valijson::ConstraintBuilder {
 public:
  RuleBuilder(const std::vector<std::vector<Rule>>& rules, Run& run) : rules_(rules), run_(run) {}
  valijson::constraints::Constraint* make(const valijson::adapters::Adapter& number) const override {
    return new RuleConstraint(rules_.at(static_cast<std::size_t>(number.asInteger())), run_);
  }

 private:
  const std::vector<std::vector<Rule>>& rules_;
  Run& run_;
};

// What is worth telling of valijson's own messages; most only repeat that something below them failed.
std::string_view translated(std::string_view text) {
  if (text.starts_with("Failed to validate against any schemas allowed by anyOf"))
    return "matches none of the alternatives";
  if (text.starts_with("Failed to validate against any child schemas allowed by oneOf"))
    return "matches none of the alternatives";
  if (text.starts_with("Failed to validate against exactly one"))
    return "matches more than one of the alternatives of oneOf";
  if (text.starts_with("Target should not validate"))
    return "is what `not` of its schema rules out, or lacks an item that `contains` asks for";
  if (text.starts_with("Object contains a property")) return "has a property that is not allowed";
  if (text.starts_with("Cannot validate item #") || text.starts_with("Array contains more items"))
    return "has more items than are allowed";
  return {};
}

std::string told(const valijson::ValidationResults::Error& error) {
  std::string pointer = pointer_of(error.context);
  std::string text;
  if (!error.description.empty() && error.description[0] == kOurs) {
    const auto line = error.description.find('\n');
    pointer += error.description.substr(1, line - 1);
    text = error.description.substr(line + 1);
  } else {
    text = translated(error.description);
    if (text.empty()) return {};
  }
  return fmt::format("{}: {}", pointer.empty() ? "(root)" : pointer, text);
}

std::string listed(const valijson::ValidationResults& results) {
  std::vector<std::string> lines;
  std::size_t more = 0;
  for (const auto& error : results) {
    std::string line = told(error);
    if (line.empty() || std::find(lines.begin(), lines.end(), line) != lines.end()) continue;
    if (lines.size() == kProblemsMax) {
      ++more;
      continue;
    }
    lines.push_back(std::move(line));
  }
  if (lines.empty()) return "(root): does not match its schema";
  if (more > 0) lines.push_back(fmt::format("and {} more", more));
  return fmt::format("{}", fmt::join(lines, "\n"));
}

// Deeper than the edge lets in: only a value built in this process could be.
bool too_deep(const Json& value, std::size_t left) {
  if (!value.is_structured()) return false;
  if (left == 0) return true;
  return std::any_of(value.begin(), value.end(),
                     [left](const Json& inner) { return too_deep(inner, left - 1); });
}

}  // namespace

struct JsonSchema::Compiled {
  Json original;
  RewrittenSchema rewritten;
  Run run;
  valijson::Schema schema;
};

JsonSchema::JsonSchema(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
JsonSchema::JsonSchema(JsonSchema&&) noexcept = default;
JsonSchema& JsonSchema::operator=(JsonSchema&&) noexcept = default;
JsonSchema::~JsonSchema() = default;

Result<JsonSchema> JsonSchema::parse(std::string_view text, Dialect dialect) {
  auto parsed = parse_json(text, limits::kJsonDepth, kSchemaBytes);
  if (!parsed) return within("the schema", parsed.error());
  return compile(*parsed, dialect);
}

Result<JsonSchema> JsonSchema::compile(const Json& schema, Dialect dialect) {
  if (too_deep(schema, limits::kJsonDepth)) return fail(ErrorCode::invalid, "the schema is nested too deep");
  auto compiled = std::make_unique<Compiled>();
  compiled->original = schema;
  auto rewritten = rewrite_schema(json(schema), dialect);
  if (!rewritten) return fail(rewritten.error());
  compiled->rewritten = std::move(*rewritten);
  try {
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.addConstraintBuilder(kRulesKeyword, new RuleBuilder(compiled->rewritten.rules, compiled->run));
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(compiled->rewritten.document),
                          compiled->schema);
  } catch (const std::exception& e) {
    return fail(ErrorCode::invalid, fmt::format("the schema cannot be compiled: {}", e.what()));
  }
  return JsonSchema(std::move(compiled));
}

Result<> JsonSchema::check(const Json& value) const {
  if (too_deep(value, limits::kJsonDepth))
    return fail(ErrorCode::invalid, fmt::format("(root): nested deeper than {} levels", limits::kJsonDepth));
  const json target(value);
  compiled_->run = Run{&target, 0};
  valijson::ValidationResults results;
  try {
    valijson::Validator validator;
    if (validator.validate(compiled_->schema, valijson::adapters::NlohmannJsonAdapter(target), &results))
      return {};
  } catch (const TooMuchWork&) {
    return fail(ErrorCode::invalid, "(root): too large to be held against its schema");
  } catch (const std::exception& e) {
    return fail(ErrorCode::invalid, fmt::format("(root): cannot be held against its schema: {}", e.what()));
  }
  return fail(ErrorCode::invalid, listed(results));
}

Result<Checked> JsonSchema::validate(Json value) const {
  auto first = check(value);
  if (first) return Checked{std::move(value), {}};
  if (too_deep(value, limits::kJsonDepth)) return fail(first.error());
  Checked checked{std::move(value), {}};
  repair_value(checked.value, compiled_->original, checked.repairs);
  if (checked.repairs.empty()) return fail(first.error());
  if (auto again = check(checked.value); !again) return fail(again.error());
  return checked;
}

}  // namespace troupe::tools
