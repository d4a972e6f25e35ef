// The smallest plugin in C++. To build it by hand:
//   c++ -std=c++20 -O2 -shared -fPIC -fvisibility=hidden -I.. -I../sdk greet.cpp -o libgreet.so
#include "troupe_plugin.hpp"

TROUPE_TOOL(greet, "Greets somebody by name", R"({"type": "object", "required": ["name"],
            "properties": {"name": {"type": "string", "description": "who is greeted"}}})",
            troupe::pure) {
  return troupe::config_text("word", "Hello") + ", " + call.text("name") + "!";
}

TROUPE_PLUGIN("greet", "1.0", "Greets people",
              p.config_schema = R"({"type": "object", "additionalProperties": false,
                                    "properties": {"word": {"type": "string"}}})")
