import type { TokenAuthenticator } from '../context.js';
import { define } from '../definition.js';
import { badRequest } from '../meta/errors.js';
import { reviewedUser } from '../shared/reviews.js';
import type { TokenReview, TokenReviewStatus } from '../types/authentication-v1.gen.js';
import { messageOf } from '../../util/errors.js';

export default define<TokenReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  resource: 'tokenreviews',
  act: async (review, { services }) => {
    if (!review.spec?.token) throw badRequest('token is required for TokenReview in authentication');
    const { token, audiences } = review.spec;
    const found = await authenticate(services.tokens, token, audiences);
    // what the client wrote there itself stays where nothing is found out, as upstream
    const { user = {}, audiences: given, error } = { ...review.status, ...found };
    return { ...review, status: { authenticated: found.authenticated, user, audiences: given, error } };
  },
});

async function authenticate(tokens: TokenAuthenticator, token: string, audiences: string[] | undefined): Promise<TokenReviewStatus> {
  try {
    const found = await tokens.authenticate(token, audiences?.length ? audiences : undefined);
    if (!found) return { error: 'invalid bearer token' };
    return { authenticated: true, user: reviewedUser(found.user), audiences: found.audiences && [...found.audiences] };
  } catch (e) {
    return { error: messageOf(e) };
  }
}
