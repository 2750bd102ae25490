/* The floor that everything is compared with: a filter on libmilter that does nothing, in its best negotiation (one reply a message, no
 * body). usage: noop_libmilter SOCKET [body] */
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <string.h>

static int want_body = 0;

static sfsistat negotiate(SMFICTX *context, unsigned long offered_actions, unsigned long offered_steps, unsigned long f2, unsigned long f3,
                          unsigned long *actions, unsigned long *steps, unsigned long *o2, unsigned long *o3) {
    const unsigned long best = SMFIP_NOHELO | SMFIP_NORCPT | SMFIP_NOEOH | SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NR_CONN | SMFIP_NR_MAIL |
                               SMFIP_NR_HDR | SMFIP_HDR_LEADSPC | (want_body ? SMFIP_NR_BODY : SMFIP_NOBODY);
    (void)context, (void)f2, (void)f3;
    *actions = offered_actions & (SMFIF_ADDHDRS | SMFIF_CHGHDRS);
    *steps = offered_steps & best;
    *o2 = 0;
    *o3 = 0;
    return SMFIS_CONTINUE;
}
static sfsistat on_connect(SMFICTX *c, char *h, _SOCK_ADDR *a) { return (void)c, (void)h, (void)a, SMFIS_NOREPLY; }
static sfsistat on_mail(SMFICTX *c, char **a) { return (void)c, (void)a, SMFIS_NOREPLY; }
static sfsistat on_header(SMFICTX *c, char *n, char *v) { return (void)c, (void)n, (void)v, SMFIS_NOREPLY; }
static sfsistat on_body(SMFICTX *c, unsigned char *b, size_t n) { return (void)c, (void)b, (void)n, SMFIS_NOREPLY; }
static sfsistat on_end(SMFICTX *c) { return (void)c, SMFIS_CONTINUE; }

int main(int argc, char **argv) {
    struct smfiDesc filter = {.xxfi_name = "noop",
                              .xxfi_version = SMFI_VERSION,
                              .xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS,
                              .xxfi_connect = on_connect,
                              .xxfi_envfrom = on_mail,
                              .xxfi_header = on_header,
                              .xxfi_eom = on_end,
                              .xxfi_negotiate = negotiate};
    if (argc < 2) return fputs("usage: noop_libmilter SOCKET [body]\n", stderr), 64;
    want_body = argc > 2 && strcmp(argv[2], "body") == 0;
    if (want_body) filter.xxfi_body = on_body;
    if (smfi_setconn(argv[1]) == MI_FAILURE || smfi_register(filter) == MI_FAILURE) return 1;
    smfi_setbacklog(1024);
    return smfi_main() == MI_SUCCESS ? 0 : 1;
}
