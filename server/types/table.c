/* All types there are: types.def as a table. Nothing is added here by hand. */
#include "server/core/object.h"

#define TYPE(x) extern const struct object_type x##_type;
#define TYPE_INTERNAL(x) TYPE(x)
#include "server/types/types.def"
#undef TYPE

#define TYPE(x) &x##_type,
const struct object_type *const object_types[] = {
#include "server/types/types.def"
	NULL,
};
