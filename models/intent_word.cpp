#include "models/intent_word.h"

namespace troupe::models {

std::string_view word(Intent intent) {
  switch (intent) {
    case Intent::step:
      return "step";
    case Intent::summarize:
      return "summarize";
    case Intent::select:
      return "select";
    case Intent::judge:
      return "judge";
    case Intent::rewrite:
      return "rewrite";
    case Intent::rerank:
      return "rerank";
  }
  return "step";
}

}  // namespace troupe::models
