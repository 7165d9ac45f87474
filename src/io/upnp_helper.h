/* upnp_helper.h -- the other side of upnp.h: ask the router by SSDP, HTTP and SOAP.
 *
 *   add      discover --> GetExternalIPAddress --> AddPortMapping
 *                                                    | 725: no leases here --> for ever
 *                                                    | 718: taken --> the next of the ports
 *                                                    | all taken, IGD 2 --> AddAnyPortMapping
 *   delete   discover --> DeletePortMapping
 *
 * WANIPConnection:1 section 2.4, :2 section 2.5. All in a sandbox, and only at the gateway.
 */
#ifndef IO_UPNP_HELPER_H
#define IO_UPNP_HELPER_H

/* `words` as upnp_write_job() has them. The answer goes to standard output; an exit code. */
int upnp_helper_run(int words_len, char *const *words);

#endif
