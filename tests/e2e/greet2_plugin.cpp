// The example's plugin in a later version.
#include "troupe_plugin.hpp"

TROUPE_TOOL(greet, "Greets somebody by name, formally", R"({"type": "object", "required": ["name"],
            "properties": {"name": {"type": "string"}}})",
            troupe::pure) {
  return "Good day, " + call.text("name") + "!";
}

TROUPE_PLUGIN("greet", "2.0", "Greets people formally")
