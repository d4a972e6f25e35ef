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

#include "runtime/base/suggest.h"
#include "tools/schema/repair.h"

namespace troupe::tools {

namespace {

using json = nlohmann::json;

constexpr std::size_t kSchemaBytes = 256u << 10;
constexpr std::size_t kStepsMax = 50'000;  // of one check; applying a schema to a value is one
constexpr std::size_t kNestingMax = 700;   // schemas under way within one another: what the stack holds
constexpr std::size_t kProblemsMax = 12;
constexpr char kOurs = '\x01';  // marks our messages among valijson's

using Adapter = valijson::adapters::NlohmannJsonAdapter;
using Context = std::vector<std::string>;

struct TooMuchWork {};

/// A schema with its definitions, and the check of one value that is under way: what its nodes need to know.
struct Check {
  RewrittenSchema schema;
  std::vector<const valijson::Subschema*> definitions;
  const json* value = nullptr;
  std::size_t steps = 0;
  std::size_t nesting = 0;

  void begin(const json& target) {
    value = &target;
    steps = nesting = 0;
  }
  void spend(std::size_t more) {
    steps += more;
    if (steps > kStepsMax) throw TooMuchWork{};
  }
};

// valijson's context: "<root>", then "[name]" or "[0]" for each step down.
const json* at_context(const json& root, const Context& context) {
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

std::string pointer_of(const Context& context) {
  std::string pointer;
  for (std::size_t i = 1; i < context.size(); ++i)
    append_pointer(pointer, std::string_view(context[i]).substr(1, context[i].size() - 2));
  return pointer;
}

Context stepped(Context context, std::string_view name) {
  context.push_back(fmt::format("[{}]", name));
  return context;
}

/// What valijson leaves to us of one schema object, hung into its tree of constraints.
class NodeConstraint final : public valijson::constraints::PolyConstraint {
 public:
  NodeConstraint(const SchemaNode& node, Check& check) : node_(node), check_(check) {}

  bool validate(const valijson::adapters::Adapter&, const Context& context,
                valijson::ValidationResults* results) const override {
    check_.spend(1 + context.size() / 8);  // valijson copies the context at each step
    const json* value = at_context(*check_.value, context);
    if (!value) return true;
    bool fits = rules(*value, context, results);
    if (!fits && !results) return false;
    if (node_.reference) fits &= apply(*node_.reference, *value, context, results);
    if (node_.contains && value->is_array()) fits &= contains(*value, context, results);
    if (node_.members && value->is_object()) fits &= members(*value, context, results);
    return fits;
  }

 private:
  bool rules(const json& value, const Context& context, valijson::ValidationResults* results) const {
    Findings found;
    for (const Rule& rule : node_.rules) {
      rule(value, found);
      if (!found.violations.empty() && !results) break;
    }
    check_.spend(found.steps);
    if (results)
      for (const Violation& violation : found.violations) tell(*results, context, violation);
    return found.violations.empty();
  }

  static void tell(valijson::ValidationResults& results, const Context& context, const Violation& violation) {
    results.pushError(context, fmt::format("{}{}\n{}", kOurs, violation.pointer, violation.text));
  }

  // Counted before it goes deeper, so that the stack holds whatever schema and value lead to.
  bool apply(std::size_t definition, const json& value, Context context,
             valijson::ValidationResults* results) const {
    const std::size_t levels = check_.schema.nesting.at(definition) + 1;
    if (check_.nesting + levels > kNestingMax) throw TooMuchWork{};
    check_.nesting += levels;
    std::unordered_map<std::string, std::regex> no_patterns;  // valijson is given none
    const Adapter target(value);
    valijson::ValidationVisitor<Adapter> visitor(target, std::move(context), true, results, no_patterns);
    const bool fits = visitor.validateSchema(*check_.definitions.at(definition));
    check_.nesting -= levels;
    return fits;
  }

  bool contains(const json& list, const Context& context, valijson::ValidationResults* results) const {
    for (std::size_t i = 0; i < list.size(); ++i)
      if (apply(*node_.contains, list[i], stepped(context, std::to_string(i)), nullptr)) return true;
    if (results) tell(*results, context, {"", "lacks an item that `contains` of its schema asks for"});
    return false;
  }

  bool members(const json& object, const Context& context, valijson::ValidationResults* results) const {
    const NamedMembers& named = *node_.members;
    bool fits = true;
    for (const auto& [name, member] : object.items()) {
      if (!fits && !results) return false;
      bool additional = std::find(named.known.begin(), named.known.end(), name) == named.known.end();
      for (const auto& [pattern, definition] : named.patterns) {
        std::size_t steps = 0;
        const auto match = pattern.search(name, steps);
        check_.spend(steps);
        if (match == Pattern::Match::no) continue;
        additional = false;
        if (match == Pattern::Match::yes) {
          fits &= apply(definition, member, stepped(context, name), results);
        } else {
          fits = false;
          if (results)
            tell(*results, context,
                 {"", fmt::format("has a name of {} bytes that cannot be held against the "
                                  "pattern {} within its limits; give a shorter name",
                                  name.size(), pattern.source())});
        }
      }
      if (!additional) continue;
      if (named.additional) fits &= apply(*named.additional, member, stepped(context, name), results);
      if (named.closed) fits &= unknown(name, context, results);
    }
    return fits;
  }

  bool unknown(const std::string& name, const Context& context, valijson::ValidationResults* results) const {
    Violation violation{"", "is not known" + did_you_mean(name, node_.members->known)};
    append_pointer(violation.pointer, name);
    if (results) tell(*results, context, violation);
    return false;
  }

  valijson::constraints::Constraint* cloneInto(void* memory) const override {
    return new (memory) NodeConstraint(*this);
  }
  std::size_t sizeOf() const override { return sizeof(NodeConstraint); }

  const SchemaNode& node_;
  Check& check_;
};

class NodeBuilder final : public valijson::ConstraintBuilder {
 public:
  explicit NodeBuilder(Check& check) : check_(check) {}
  valijson::constraints::Constraint* make(const valijson::adapters::Adapter& number) const override {
    return new NodeConstraint(check_.schema.nodes.at(static_cast<std::size_t>(number.asInteger())), check_);
  }

 private:
  Check& check_;
};

// The alternatives of the document are the definitions, in their order.
std::vector<const valijson::Subschema*> definitions_of(const valijson::Schema& schema) {
  std::vector<const valijson::Subschema*> definitions;
  valijson::Subschema::ApplyFunction collect = [&](const valijson::constraints::Constraint& constraint) {
    if (const auto* all = dynamic_cast<const valijson::constraints::AnyOfConstraint*>(&constraint))
      all->applyToSubschemas([&](unsigned int, const valijson::Subschema* definition) {
        definitions.push_back(definition);
        return true;
      });
    return true;
  };
  schema.apply(collect);
  return definitions;
}

// What is worth telling of valijson's own messages; most only repeat that something below them failed.
std::string_view translated(std::string_view text) {
  if (text.starts_with("Failed to validate against any schemas allowed by anyOf"))
    return "matches none of the alternatives";
  if (text.starts_with("Failed to validate against any child schemas allowed by oneOf"))
    return "matches none of the alternatives";
  if (text.starts_with("Failed to validate against exactly one"))
    return "matches more than one of the alternatives of oneOf";
  if (text.starts_with("Target should not validate")) return "is what `not` of its schema rules out";
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
  Check check;
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
  compiled->check.schema = std::move(*rewritten);
  try {
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.addConstraintBuilder(kNodeKeyword, new NodeBuilder(compiled->check));
    parser.populateSchema(Adapter(compiled->check.schema.document), compiled->schema);
    compiled->check.definitions = definitions_of(compiled->schema);
  } catch (const std::exception& e) {
    return fail(ErrorCode::invalid, fmt::format("the schema cannot be compiled: {}", e.what()));
  }
  return JsonSchema(std::move(compiled));
}

Result<> JsonSchema::check(const Json& value) const {
  if (too_deep(value, limits::kJsonDepth))
    return fail(ErrorCode::invalid, fmt::format("(root): nested deeper than {} levels", limits::kJsonDepth));
  const json target(value);
  compiled_->check.begin(target);
  valijson::ValidationResults results;
  try {
    valijson::Validator validator;
    if (validator.validate(*compiled_->check.definitions.at(0), Adapter(target), &results)) return {};
  } catch (const TooMuchWork&) {
    return fail(ErrorCode::invalid, "(root): too large or nested too deep to be held against its schema");
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
