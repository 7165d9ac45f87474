/* memory.h -- what was needed once goes back to the kernel.
 *
 *                  our program, and each library
 *     | headers, names | code | constants | relocated | data |      heap: | used | free | used |
 *     '------------- let go --------------'   written to                         '----'
 *
 * Much of a library is needed at start-up and never again: symbols to resolve, engines that
 * were measured and lost, parsers of files. Nobody wrote to those pages, so the kernel takes
 * them back and shows them again from its cache when they are touched: that costs a minor
 * fault for every 64 KB, which is no price after a start, a load or an answer, and too much
 * in the midst of a load.
 */
#ifndef IO_MEMORY_H
#define IO_MEMORY_H

void memory_give_back(void);

#endif
