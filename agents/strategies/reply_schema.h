#pragma once

#include "models/message.h"
#include "runtime/base/json.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::agents {

/// What a strategy's next reply may be, for providers that can hold a model to a JSON Schema.
struct ReplyForm {
  bool calls = true;    ///< it may call tools
  bool plan = false;    ///< it may be a plan
  bool output = true;   ///< a final answer is what `output.schema` asks for; false: a text
  bool answer = false;  ///< it is nothing but the answer, as `output.schema` asks for it, without a step
  bool operator==(const ReplyForm&) const = default;
};

/// A reply's JSON Schema as text, in the two forms that ModelRequest has. "" where there is none.
struct ReplySchema {
  std::string schema;  ///< one alternative for each tool, several calls, a plan, the answer
  std::string object;  ///< a single object with all of them, those that are not meant being null
};

/// Thought, then a call of one of the tools, several calls, or the final answer: the form that
/// prompts/react.md asks for, with `thought` first so that it streams. Only structure is held (types, names,
/// words to choose from): lengths, ranges and patterns are left to the tools and to `output.schema`, which
/// are held against every step anyway, because servers differ in which of them they know. `output`: null for
/// any text. Nothing where the schema would be larger than limits::kReplySchemaBytes, or the form asks for
/// what there is not. Pure; the same text for the same tools, always.
ReplySchema reply_schema(const ReplyForm& form, const std::vector<models::ToolDeclaration>& tools,
                         const Json& output);

/// The structure of a JSON Schema, for the above: closed objects where it names properties and does not say
/// that there may be others; {} where it says what cannot be said in structure (references, conditions).
Json schema_outline(const Json& schema);

/// The schemas of one run, each made once. Loop thread only.
class ReplySchemas {
 public:
  /// `output`: as for reply_schema; outlives this.
  explicit ReplySchemas(const Json& output) : output_(output) {}
  const ReplySchema& of(const ReplyForm& form,
                        const std::shared_ptr<const std::vector<models::ToolDeclaration>>& tools);

 private:
  struct Made {
    ReplyForm form;
    std::shared_ptr<const std::vector<models::ToolDeclaration>> tools;
    ReplySchema schema;
  };
  const Json& output_;
  std::vector<Made> made_;
};

}  // namespace troupe::agents
