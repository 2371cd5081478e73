/*
 * Bins double in width with each doubling of the value, as in a number with a
 * mantissa of six bits: the same error, relatively, for 1 us and for 1 s.
 */
#include "latency.h"

/* Below LATENCY_STEPS nanoseconds a bin is one nanosecond. */
static unsigned
bin_of(uint64_t ns)
{
	unsigned shift = 0, bin;

	while (ns >> shift >= 2 * LATENCY_STEPS)
		shift++;
	bin = shift * LATENCY_STEPS + (unsigned)(ns >> shift);
	return bin < LATENCY_BINS ? bin : LATENCY_BINS - 1;
}

/* The upper end of a bin, in nanoseconds. */
static double
end_of(unsigned bin)
{
	unsigned shift = 0;

	if (bin >= 2 * LATENCY_STEPS)
		shift = bin / LATENCY_STEPS - 1;
	return (double)((uint64_t)(bin - shift * LATENCY_STEPS + 1) << shift);
}

void
latency_add(struct latency *latency, double seconds)
{
	latency->bins[bin_of((uint64_t)(seconds * 1e9))]++;
	latency->n++;
	if (seconds > latency->longest)
		latency->longest = seconds;
}

double
latency_at(const struct latency *latency, double share)
{
	uint64_t wanted = (uint64_t)((double)latency->n * share), seen = 0;

	for (unsigned bin = 0; bin < LATENCY_BINS; bin++) {
		seen += latency->bins[bin];
		if (seen > wanted) {
			double end = end_of(bin) / 1e9;

			return end < latency->longest ? end : latency->longest;
		}
	}
	return latency->longest;
}
